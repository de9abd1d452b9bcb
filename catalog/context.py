"""What surrounds a column: words of its table, of its siblings and of its own name that change what values mean."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

from catalog.detectors.base import Kind
from catalog.names import word_set

KINDS: Mapping[Kind, frozenset[str]] = MappingProxyType(
    {
        Kind.PERSON: word_set(
            "customer client user person people contact employee staff member patient",
            "student teacher doctor physician",
            "guest passenger driver author subscriber lead applicant candidate borrower",
            "cardholder voter citizen resident",
            "tenant owner recipient sender buyer seller kunde mitarbeiter benutzer nutzer",
            "personen schuler arzt cliente",
            "usuario empleado paciente alumno persona personne utilisateur employe clienti utente dipendente pessoa",
            "klient pacjent klant gebruiker medewerker profile nurse beneficiary dependent spouse",
            "parent child emp cust",
            "worker personnel attendee participant visitor donor player household kontakt usr adherent policyholder",
        ),
        Kind.ORGANISATION: word_set(
            "company organisation organization org firm business vendor supplier merchant employer manufacturer brand",
            "carrier partner corporation agency bank school university hospital firma",
            "unternehmen lieferant hersteller",
            "empresa proveedor entreprise fournisseur societe azienda fornitore bedrijf publisher insurer tenantorg",
            "airline broker dealer distributor institution club team department division unit clinic provider shipper",
        ),
        Kind.THING: word_set(
            "product item article category tag role permission plan feature file table column schema index event job",
            "task queue topic channel course book movie song album recipe device model vehicle tool sku part asset",
            "template setting config currency language genre produkt artikel kategorie",
            "producto articulo categoria produit",
            "catalog catalogue material component package game app software campaign segment project sprint milestone",
            "holiday skill status type grade subject dataset report dashboard widget metric color colour size unit",
            "ingredient dish animal species plant drug test exam function method class",
            "process workflow attribute field",
        ),
        Kind.PLACE: word_set(
            "store shop warehouse station airport branch venue city country region state office",
            "depot location place site",
            "port hotel restaurant museum park filiale laden lager standort stadt land ort",
            "tienda almacen ciudad pais magasin",
            "entrepot ville pays negozio magazzino paese continent province county district",
            "territory zone stop facility",
            "turbine substation antenna meter hydrant kiosk atm billboard charging parking plot pier",
            "bridge tower buoy mine well pump",
            "pole charger sensor landmark street aisle shelf bin room building floor",
        ),
        Kind.MEDICAL: word_set(
            "patient medical clinical health hospital clinic encounter diagnosis diagnose treatment admission visit",
            "prescription lab paciente pacjent arzt doctor physician nurse mrn icd dx insurance medication ehr emr",
        ),
        Kind.INFRASTRUCTURE: word_set(
            "server host node gateway subnet netmask bind listen dns upstream router switch",
            "cluster proxy backend endpoint relay smtp printer camera firewall vpn rack ipmi bmc",
            "vpc cidr network interface firewall loadbalancer nameserver pod instance replica",
            "broker peerserver machine vm",
            "database environment deployment mgmt management gw def default loopback lan",
        ),
    }
)

# A name with one of these is an identifier or a measure: digits and shapes in it prove nothing.
VETO = word_set(
    "id uuid guid build order sku tracking serial version ver qty quantity price amount",
    "cost total etag checksum digest",
    "sha sha1 sha256 md5 crc commit revision rev invoice batch lot part product item parcel",
    "shipment warehouse ean upc gtin",
    "isbn issn barcode size weight height width score rate firmware release hash code",
    "reference ref seq sequence position",
    "count port offset index latency duration bytes balance salary wage bestellnummer auftragsnummer artikelnummer",
    "sendungsnummer rechnungsnummer pedido factura commande facture asin imei mac sscc waybill consignment container",
)

# After a term these say that the column is about it, not it: email_verified, phone_type, address_id.
ASPECT = word_set(
    "verified confirmed valid validated status type kind count cnt at on time ts flag enabled",
    "disabled optin optout opt sent",
    "template format length len id uuid version provider source model brand expiry",
    "expires expired exp expiration last4",
    "attempts attempt policy strength required changed updated created deleted score category group method preference",
    "preferred frequency subject limit ttl label domain locale language bounced subscribed",
    "consent carrier size weight",
    "geprueft verifiziert typ state order sort rank index country extension ext lookup hint requested color colour",
    "ms millis sec second minute hour day percent ratio pct unit module sha sha1 sha256 md5 checksum",
    "pattern regex mask visible hidden public count quota budget",
)

# Before a term these say the same: is_email, has_phone, count_addresses.
HEAD_ASPECT = word_set("is has can allow count total avg max min sum require enable show hide use uses needs")

# Names that hold other terms' words but are no personal data by themselves.
NEUTRAL = word_set(
    "username loginname userlogin nickname screenname filename hostname domainname tablename",
    "columnname pathname classname",
    "macaddress walletaddress contractaddress bindaddress listenaddress serveraddress",
    "memoryaddress webaddress urladdress",
    "ipversion phonemodel mailserver mailhost smtphost emailprovider zipfile cardtype cardbrand cardexpiry namespace",
    "codename servername dbname databasename schemaname typename projectname eventname rolename groupname",
    "tokencount totaltoken inputtoken outputtoken prompttoken maxtoken passrate passcount secretname keyname bankname",
    "publickey pubkey countrycode statuscode productname itemname brandname contenttype",
    "contentlength bodylength textlength",
    "callcenter birthplace birthcountry countrybirth placebirth geolocationid positionid",
    "jobposition contenthash streetid seed flat cap license licence",
)

_PERSON_SIGNS = word_set(
    "dob birth birthdate birthday geburtsdatum firstname lastname vorname nachname ssn gender apellido"
)
_MEDICAL_SIGNS = word_set("mrn diagnosis icd icd10 dx patient medicalrecord diagnose prescription allergy")

CONTEXT_WORDS = frozenset[str]().union(VETO, ASPECT, HEAD_ASPECT, NEUTRAL, *KINDS.values())


def kinds_of(words: Sequence[str]) -> frozenset[Kind]:
    """What these words are about. The last telling word decides (`customer_company` is a company); medicine adds up."""
    medical = {Kind.MEDICAL} & {kind for word in words for kind in _kinds_of_word(word)}
    for word in reversed(words):
        if kinds := _kinds_of_word(word) - {Kind.MEDICAL}:
            return frozenset(kinds | medical)
    return frozenset(medical)


def _kinds_of_word(word: str) -> frozenset[Kind]:
    return _BY_WORD.get(word, _NO_KIND)


_NO_KIND: frozenset[Kind] = frozenset()
_BY_WORD = {
    word: frozenset(kind for kind, members in KINDS.items() if word in members)
    for word in frozenset[str]().union(*KINDS.values())
}


def kinds_of_siblings(siblings: Iterable[Sequence[str]]) -> frozenset[Kind]:
    """What the other columns' words say of the table."""
    glued = {part for words in siblings for part in (*words, "".join(words))}
    signs = ((Kind.PERSON, _PERSON_SIGNS), (Kind.MEDICAL, _MEDICAL_SIGNS))
    return frozenset(kind for kind, words in signs if glued & words)
