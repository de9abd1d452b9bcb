"""Firms, bodies, places and nations that are written like people and are none."""

from __future__ import annotations

import random

_FIRMS_TEXT = """
Airbus;Aldi;Alibaba;Allianz;Apple;AstraZeneca;Atlassian;Aviva;AXA;Barclays;BASF;Bayer;Best Buy;Bloomberg;Boeing;Bosch
British Airways;Cadbury;Capgemini;Carrefour;Caterpillar;Chevron;Cisco;Citigroup;Coca-Cola;Comcast;Costco;Danone;Dell
Deloitte;Delta Air Lines;Deutsche Bahn;Deutsche Telekom;DHL;Disney;Dropbox;eBay;Emirates;Equifax;Ericsson;Exxon Mobil
Expedia;Facebook;FedEx;Ford;Gap;General Electric;General Motors;Goldman Sachs;Harrods;Heineken;Hewlett-Packard;Hilton
Home Depot;Honda;HSBC;Hyundai;IBM;Ikea;Infosys;Intel;Johnson & Johnson;JPMorgan Chase;Kellogg;Kroger;L'Oréal;Lego
Lloyds;Lockheed Martin;Lufthansa;Maersk;Marriott;Mars;Mattel;McDonald's;McKinsey;Mercedes-Benz;Merck;MetLife;Michelin
Morgan Stanley;Nestlé;Nissan;Nokia;Novartis;Nvidia;Pepsi;Petrobras;Pfizer;Philips;Porsche;Procter & Gamble;Qantas
Red Cross;Renault;Rolls-Royce;Ryanair;Sainsbury's;Samsung;Santander;SAP;Sears;Shell;Siemens;Sony;Starbucks;Subaru
Target;Tata;Tesco;Thomson Reuters;Toshiba;Total;Toyota;Twitter;Uber;Unicef;Unilever;UPS;Verizon;Vodafone;Volkswagen
Volvo;Walgreens;Walmart;Wells Fargo;Whirlpool;World Bank;Xerox;Yahoo;Yamaha;Zalando;Zara;NASA;NATO;WHO;FIFA;BBC;CNN
New York Times;Le Monde;Der Spiegel;El País;Financial Times;Supreme Court;House of Lords;European Commission
"""
FIRMS = tuple(name for line in _FIRMS_TEXT.strip().splitlines() for name in line.split(";"))
_NATIONS_TEXT = """
American British English Scottish Welsh Irish French German Spanish Italian Portuguese Dutch Belgian Swiss Austrian
Polish Czech Slovak Hungarian Romanian Bulgarian Greek Turkish Russian Ukrainian Swedish Norwegian Danish Finnish
Estonian Latvian Lithuanian Indian Pakistani Chinese Japanese Korean Vietnamese Thai Indonesian Malaysian Filipino
Australian Canadian Mexican Brazilian Argentine Chilean Peruvian Colombian Cuban Egyptian Moroccan Algerian Nigerian
Kenyan Ethiopian Israeli Iranian Iraqi Syrian Saudi Lebanese Afghan European African Asian Latino Nordic Slavic
"""
NATIONS = tuple(_NATIONS_TEXT.split())
_PLACES_TEXT = """
London;Paris;Berlin;Munich;Vienna;Rome;Milan;Madrid;Barcelona;Lisbon;Porto;Amsterdam;Rotterdam;Brussels;Zurich;Geneva
Prague;Warsaw;Krakow;Budapest;Bucharest;Athens;Istanbul;Ankara;Moscow;Kyiv;Stockholm;Oslo;Copenhagen;Helsinki;Dublin
Edinburgh;Manchester;Liverpool;Leeds;Bristol;New York;Boston;Chicago;Dallas;Houston;Austin;Denver;Phoenix;Seattle
Portland;San Francisco;Los Angeles;San Diego;Las Vegas;Miami;Atlanta;Charlotte;Washington;Philadelphia;Detroit;Toronto
Montreal;Vancouver;Mexico City;Havana;Bogotá;Lima;Santiago;Buenos Aires;São Paulo;Rio de Janeiro;Cairo;Lagos;Nairobi
Cape Town;Johannesburg;Casablanca;Dubai;Doha;Riyadh;Tel Aviv;Jerusalem;Tehran;Karachi;Mumbai;Delhi;Bangalore;Chennai
Dhaka;Bangkok;Hanoi;Singapore;Jakarta;Manila;Hong Kong;Shanghai;Beijing;Seoul;Tokyo;Osaka;Sydney;Melbourne;Perth
Auckland;Texas;California;Florida;Virginia;Georgia;Ohio;Utah;Alaska;Quebec;Ontario;Bavaria;Saxony;Tuscany;Sicily
Provence;Brittany;Catalonia;Andalusia;Cornwall;Kent;Essex;Wales;Scotland;Silesia;Punjab;Kerala;Brooklyn;Manhattan;Soho
Europe;Africa;Asia;Siberia;the Alps;the Balkans;Oxford;Cambridge;Heathrow;Wall Street;Silicon Valley;Hyde Park
"""
PLACES = tuple(name for line in _PLACES_TEXT.strip().splitlines() for name in line.split(";"))
_HEADS = (
    "Acme Apex Nova Omni Vertex Zen Lumen Quant Blue Bright Core Data Ever Fin Green Hyper Inter Metro North Pan Sol"
)
_TAILS = "tech soft works ware net sys corp logic bank gen pharma media wave line forge grid mart trust path labs"
_KINDS = ("", "", "", " Inc", " Ltd", " GmbH", " LLC", " Group", " Holdings", " Bank", " AG", " S.A.", " Solutions")


def firm(draw: random.Random, named: str) -> str:
    """A known firm or body, an invented one, or the one given."""
    chance = draw.random()
    if chance < 0.45:
        return draw.choice(FIRMS)
    if chance < 0.75:
        return draw.choice(_HEADS.split()) + draw.choice(_TAILS.split()) + draw.choice(_KINDS)
    return named
