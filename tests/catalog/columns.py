"""Seeded columns made with Faker: names that real schemas use in several languages, and clean look-alikes."""

from __future__ import annotations

import random
import string
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from faker import Faker
from stdnum import luhn

ROWS = 24


@dataclass(frozen=True, slots=True)
class GeneratedColumn:
    """One column with the label it should get; "" = clean."""

    table: str
    name: str
    type: str
    values: tuple[str, ...]
    label: str


Maker = Callable[[Faker, random.Random], str]


def digits(count: int) -> Maker:
    return lambda _fake, rng: str(rng.randint(10 ** (count - 1), 10**count - 1))


def token(prefix: str, count: int, alphabet: str = string.ascii_letters + string.digits) -> Maker:
    return lambda _fake, rng: prefix + "".join(rng.choices(alphabet, k=count))


def luhn_number(count: int) -> Maker:
    def make(_fake: Faker, rng: random.Random) -> str:
        body = "4" + "".join(rng.choices(string.digits, k=count - 2))
        return body + str(luhn.calc_check_digit(body))

    return make


def ssn(_fake: Faker, rng: random.Random) -> str:
    return f"{rng.choice([*range(1, 666), *range(667, 900)]):03}-{rng.randint(1, 99):02}-{rng.randint(1, 9999):04}"


def note(fake: Faker, rng: random.Random) -> str:
    texts = (
        f"Called {fake.first_name()} back, the number is now +1 415 555 {rng.randint(2000, 2999)}.",
        f"Customer asked to change the mail to {fake.email()} before Friday.",
        "The parcel came late and the box was open, a refund was promised.",
    )
    return rng.choice(texts)


SENSITIVE: tuple[tuple[str, str, str, Maker], ...] = (
    *[
        ("EMAIL", name, "text", lambda f, _r: f.email())
        for name in ("email", "e_mail", "kundenMail", "correo", "login")
    ],
    ("EMAIL", "reference", "text", lambda f, _r: f.email()),
    *[
        ("PHONE", n, "text", lambda f, _r: f.phone_number())
        for n in ("phone", "tel_nr", "handynr", "telefono", "mobile")
    ],
    ("PHONE", "phone", "text", digits(10)),
    ("PHONE", "mobile_number", "bigint", digits(11)),
    *[
        ("CREDIT_CARD", n, "text", lambda f, _r: f.credit_card_number())
        for n in ("cc_num", "card_number", "pan", "col_4")
    ],
    ("CVV", "cvv", "varchar(4)", lambda f, _r: f.credit_card_security_code()),
    *[("SSN", n, "text", ssn) for n in ("ssn", "social_security_no", "c9")],
    ("SSN", "soc_sec_num", "text", digits(9)),
    *[("IBAN", n, "text", lambda f, _r: f.iban()) for n in ("iban", "bank_ref", "col_2")],
    *[("NATIONAL_ID", n, "text", digits(11)) for n in ("steuer_id", "national_id", "cpf", "pesel", "tax_id")],
    *[("IP", n, "text", lambda f, _r: f.ipv4_public()) for n in ("ip", "last_login_ip", "remote_addr", "col_8")],
    ("IP", "client_ip", "inet", lambda f, _r: f.ipv6()),
    *[("PERSON", n, "text", lambda f, _r: f.first_name()) for n in ("first_name", "vorname", "givenName", "prenom")],
    *[("PERSON", n, "text", lambda f, _r: f.last_name()) for n in ("last_name", "nachname", "apellido", "SURNAME")],
    *[("PERSON", n, "text", lambda f, _r: f.name()) for n in ("full_name", "name", "customer_name", "card_holder")],
    *[
        ("ADDRESS", n, "text", lambda f, _r: f.street_address())
        for n in ("street", "strasse", "addressLine1", "direccion")
    ],
    ("ADDRESS", "shipping_address", "text", lambda f, _r: f.address().replace("\n", ", ")),
    *[("POSTCODE", n, "text", lambda f, _r: f.postcode()) for n in ("zip", "plz", "postal_code", "codigo_postal")],
    *[("DOB", n, "date", lambda f, _r: f.date_of_birth().isoformat()) for n in ("dob", "geburtsdatum", "birthDate")],
    ("DOB", "fecha_nacimiento", "text", lambda f, _r: f.date_of_birth().strftime("%d/%m/%Y")),
    *[("PASSWORD", n, "text", token("$2b$12$", 53)) for n in ("password_hash", "pw", "c3")],
    ("PASSWORD", "passwort", "text", lambda f, _r: f.password()),
    *[("SECRET", n, "text", token("sk_" + "live_", 24)) for n in ("api_key", "config_value", "col_7")],
    ("SECRET", "refresh_token", "text", token("", 40)),
    *[("BANK_ACCOUNT", n, "text", digits(9)) for n in ("account_number", "kontonummer", "bank_acct_no")],
    *[("PASSPORT", n, "text", token("C", 8, string.digits)) for n in ("passport_no", "reisepassnr", "pasaporte")],
    *[("DRIVER_LICENSE", n, "text", token("D", 7, string.digits)) for n in ("driver_license", "fuehrerschein_nr")],
    *[("MRN", n, "text", token("MRN", 7, string.digits)) for n in ("mrn", "medical_record_number")],
    *[("HEALTH_ID", n, "text", token("A", 9, string.digits)) for n in ("nhs_number", "health_insurance_id", "kvnr")],
    *[("DIAGNOSIS", n, "text", lambda _f, r: f"E{r.randint(10, 14)}.{r.randint(1, 9)}") for n in ("dx_code", "icd10")],
    *[("GEO", n, "double precision", lambda f, _r: str(f.latitude())) for n in ("lat", "homeLatitude", "lng")],
    *[("TEXT", n, "text", note) for n in ("notes", "comment", "body", "col_11")],
)

CLEAN: tuple[tuple[str, str, str, Maker], ...] = (
    ("ci_runs", "build_id", "text", digits(10)),
    ("ci_runs", "run_number", "bigint", digits(10)),
    ("ci_runs", "commit_sha", "text", token("", 40, "0123456789abcdef")),
    ("files", "etag", "text", token("", 32, "0123456789abcdef")),
    ("files", "file_name", "text", lambda f, _r: f.file_name()),
    ("files", "sha256", "text", token("", 64, "0123456789abcdef")),
    ("files", "byte_size", "bigint", digits(7)),
    ("shipments", "tracking_no", "text", luhn_number(16)),
    ("shipments", "parcel_number", "text", luhn_number(16)),
    ("shipments", "carrier", "text", lambda f, _r: f.last_name() + " " + f.company_suffix()),
    ("shipments", "shipped_at", "timestamptz", lambda f, _r: f.date_time().isoformat(sep=" ")),
    ("products", "sku", "text", ssn),
    ("products", "name", "text", lambda f, _r: f.catch_phrase()),
    ("products", "title", "text", lambda f, _r: f.bs()),
    ("products", "price", "numeric(10,2)", lambda _f, r: f"{r.random() * 500:.2f}"),
    ("products", "ean", "text", lambda f, _r: f.ean13()),
    ("products", "description", "text", lambda f, _r: f.catch_phrase()),
    ("products", "color", "text", lambda f, _r: f.color_name()),
    ("orders", "order_no", "text", digits(10)),
    ("orders", "invoice_number", "text", digits(12)),
    ("orders", "total_amount", "numeric", lambda _f, r: f"{r.random() * 900:.2f}"),
    ("orders", "customer_id", "bigint", digits(6)),
    ("orders", "address_id", "integer", digits(4)),
    ("orders", "status", "text", lambda _f, r: r.choice(["open", "paid", "sent"])),
    ("orders", "created_at", "timestamptz", lambda f, _r: f.date_time().isoformat(sep=" ")),
    ("orders", "due_date", "date", lambda f, _r: f.date()),
    ("releases", "version", "text", lambda _f, r: ".".join(str(r.randint(0, 30)) for _ in range(4))),
    ("servers", "hostname", "text", lambda f, _r: f.hostname()),
    ("servers", "bind_address", "text", lambda f, _r: f.ipv4_private()),
    ("servers", "ip", "inet", lambda f, _r: f.ipv4_private()),
    ("warehouses", "code", "text", token("WH-", 5, string.digits)),
    ("warehouses", "name", "text", lambda f, _r: f.city() + " Hub"),
    ("stores", "latitude", "double precision", lambda f, _r: str(f.latitude())),
    ("companies", "name", "text", lambda f, _r: f.company()),
    ("suppliers", "company_name", "text", lambda f, _r: f.company()),
    ("customers", "company", "text", lambda f, _r: f.company()),
    ("customers", "email_verified", "boolean", lambda _f, r: r.choice("tf")),
    ("customers", "phone_type", "text", lambda _f, r: r.choice(["home", "work", "mobile"])),
    ("customers", "password_changed_at", "timestamptz", lambda f, _r: f.date_time().isoformat(sep=" ")),
    ("customers", "country", "text", lambda f, _r: f.country_code()),
    ("customers", "city", "text", lambda f, _r: f.city()),
    ("customers", "job", "text", lambda f, _r: f.job()),
    ("customers", "uuid", "uuid", lambda f, _r: str(f.uuid4())),
    ("customers", "loyalty_points", "integer", digits(4)),
    ("employees", "salary", "integer", digits(5)),
    ("employees", "department", "text", lambda _f, r: r.choice(["Sales", "Legal", "Support", "Research"])),
    ("employees", "hired_on", "date", lambda f, _r: f.date()),
    ("events", "payload_hash", "text", token("", 64, "0123456789abcdef")),
    ("events", "user_agent", "text", lambda f, _r: f.user_agent()),
    ("events", "url", "text", lambda f, _r: f.uri()),
    ("events", "token_count", "integer", digits(4)),
    ("devices", "serial", "text", digits(10)),
    ("devices", "mac_address", "macaddr", lambda f, _r: f.mac_address()),
    ("devices", "imei", "text", luhn_number(15)),
    ("models", "name", "text", token("net-", 6)),
    ("regions", "name", "text", lambda f, _r: f.country()),
    ("payments", "currency", "text", lambda f, _r: f.currency_code()),
    ("payments", "card_type", "text", lambda f, _r: f.credit_card_provider()),
    ("payments", "reference", "text", token("PAY-", 10, string.digits + string.ascii_uppercase)),
    ("books", "isbn", "text", lambda f, _r: f.isbn13()),
)

LOCALES = ("en_US", "en_GB", "de_DE", "fr_FR", "es_ES", "it_IT", "nl_NL", "pl_PL", "pt_BR", "sv_SE")


def generate(seed: int, locales: tuple[str, ...] = LOCALES) -> Iterator[GeneratedColumn]:
    """Every column of both lists once in every locale, the same for the same seed."""
    rng = random.Random(seed)
    for locale in locales:
        fake = Faker(locale)
        fake.seed_instance(rng.randrange(2**31))
        for label, name, type_name, make in SENSITIVE:
            table = "patients" if label in ("MRN", "DIAGNOSIS", "HEALTH_ID") else "customers"
            yield GeneratedColumn(table, name, type_name, values=_column(make, fake, rng), label=label)
        for table, name, type_name, make in CLEAN:
            yield GeneratedColumn(table, name, type_name, values=_column(make, fake, rng), label="")


def _column(make: Maker, fake: Faker, rng: random.Random) -> tuple[str, ...]:
    return tuple(make(fake, rng) for _ in range(ROWS))
