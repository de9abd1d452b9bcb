"""Sentences that people write to a shop: some carry names, phones, cards and keys, most carry none."""

from __future__ import annotations

from random import Random

from server.demo.numbers import card_number, grouped, hexadecimal, phone_number
from server.demo.pools import Person

SUBJECTS = (
    "Where is my parcel?",
    "Wrong size delivered",
    "Refund not received",
    "Cannot log in",
    "Invoice needed",
    "API integration returns 401",
    "Change of delivery address",
    "Payment was taken twice",
    "Discount code does not work",
    "Damaged on arrival",
)

# {name} the writer, {other} somebody else, {phone} {email} {card} {key} {order}: filled per ticket.
BODIES = {
    "en": (
        "Hi, my order {order} has not arrived. Please call me on {phone}. {name}",
        "Hello, this is {name}. The parcel went to my neighbour {other} instead. Reach me at {email}.",
        "You charged my card {card} twice for order {order}. Please refund one of them. Regards, {name}",
        "Our integration fails since this morning. The key we use is {key}, please check. {name}, {phone}",
        "The jacket is a size too small. Can I send it back without the box?",
        "The discount code from the newsletter is refused at checkout.",
        "Package arrived with a dent, contents are fine. Just letting you know.",
    ),
    "de": (
        "Guten Tag, meine Bestellung {order} ist nicht angekommen. Bitte rufen Sie mich an: {phone}. Gruß, {name}",
        "Das Paket wurde bei {other} abgegeben, ich wohne aber im dritten Stock. {name}, {email}",
        "Von meiner Karte {card} wurde zweimal abgebucht. Bitte eine Zahlung erstatten. {name}",
        "Der Artikel ist beschädigt, ich möchte ihn umtauschen.",
    ),
    "fr": (
        "Bonjour, ma commande {order} n'est pas arrivée. Vous pouvez me joindre au {phone}. Cordialement, {name}",
        "Ma carte {card} a été débitée deux fois. Merci de me rembourser. {name}",
        "Le code promo ne fonctionne pas.",
    ),
    "es": (
        "Hola, soy {name}. Mi pedido {order} no ha llegado, mi teléfono es {phone}.",
        "Necesito la factura del pedido {order}. Mi correo es {email}. Gracias, {name}",
        "La talla no es correcta, quiero cambiarla.",
    ),
    "pt": (
        "Olá, aqui é {name}. Meu pedido {order} ainda não chegou. Telefone: {phone}",
        "O produto veio com defeito, quero trocar.",
    ),
    "ja": (
        "{name}と申します。注文{order}がまだ届きません。電話番号は{phone}です。",
        "サイズを間違えました。交換できますか。",
    ),
    "pl": (
        "Dzień dobry, zamówienie {order} nie dotarło. Proszę o telefon: {phone}. {name}",
        "Chciałbym wymienić towar na większy rozmiar.",
    ),
}

NOTES = (
    "leave at the back door",
    "ring twice",
    "gift wrap, no invoice in the box",
    "deliver after 17:00",
    "please do not stack",
    "spare part for the older model",
)
PERSONAL_NOTES = (
    "hand over to {other} at the front desk, {phone}",
    "call {name} before delivery: {phone}",
    "present for {other}, keep the price off the slip",
)


def api_key(rng: Random) -> str:
    """A key in the shape of a payment provider's live secret."""
    return "sk_" + "live_" + hexadecimal(rng, 32)


def ticket_body(rng: Random, person: Person, other: Person, *, order: int) -> str:
    bodies = BODIES[person.pool.locale[:2]]
    return _fill(rng, rng.choice(bodies), person, other=other, order=order)


def order_note(rng: Random, person: Person, other: Person) -> str | None:
    """Three orders of four carry no note, one of twenty a note that names somebody."""
    draw = rng.random()
    if draw < 0.75:
        return None
    if draw < 0.95:
        return rng.choice(NOTES)
    return _fill(rng, rng.choice(PERSONAL_NOTES), person, other=other, order=0)


def _fill(rng: Random, template: str, person: Person, *, other: Person, order: int) -> str:
    return template.format(
        name=person.full_name,
        other=other.full_name,
        phone=phone_number(rng, person.pool.locale),
        email=person.email,
        card=grouped(card_number(rng)),
        key=api_key(rng),
        order=f"#{order}",
    )
