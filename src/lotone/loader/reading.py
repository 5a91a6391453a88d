"""Reading a whole blueprint: every table, then everything across them; all faults together, or a blueprint without any."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from lotone.configure import Configurator, Contradiction, Model, Product, UnknownFeature
from lotone.loader.crew import Working, check_working, read_working
from lotone.loader.head import FILE, Head, read_head
from lotone.loader.material import Material, read_material
from lotone.loader.model import Blueprint, BrokenBlueprint
from lotone.loader.plant import Plant, read_plant
from lotone.loader.product import DemandReader, check_model, read_features, read_option_words, read_picture
from lotone.loader.proofs import Proof, check_materials
from lotone.loader.tables import Anything, Faults

_NO_PORTS: Mapping[str, int] = MappingProxyType({})


def read_blueprint(folder: Path, ports: Mapping[str, int] = _NO_PORTS, *, organization: str = "demo") -> Blueprint:
    """Read and check the blueprint in a folder. Raises BrokenBlueprint with every fault, its file, line and column.

    `ports` fills `{port}` in the addresses of connections, by the connection's id; `organization` fills `{organization}`.
    """
    faults = Faults()
    if not folder.is_dir():
        faults.add(folder.name, 0, "", "there is no such folder")
        raise BrokenBlueprint(faults.in_order())
    head = read_head(folder, faults)
    material = read_material(folder, faults, head.currency)
    plant = read_plant(folder, faults, ports=ports, organization=organization)
    model = read_features(folder, faults)
    working = read_working(folder, faults, plant)
    product = _product(folder, faults, head, model, plant, material, working)
    if faults.found:
        raise BrokenBlueprint(faults.in_order())
    return Blueprint(
        id=head.id,
        words=head.words,
        currency=head.currency,
        time_zone=head.time_zone,
        language=head.language,
        product=product,
        suppliers=material.suppliers,
        parts=tuple(material.parts.values()),
        stock=material.stock,
        offers=material.offers,
        equipment=tuple(plant.equipment.values()),
        calendars=tuple(working.calendars.values()),
        resources=working.resources,
        crew=working.crew,
        setups=tuple(working.setups.values()),
        transport=working.transport,
        connections=tuple(plant.connections.values()),
        tags=plant.tags,
    )


def _product(
    folder: Path, faults: Faults, head: Head, model: Model | None, plant: Plant, material: Material, working: Working
) -> Product:
    features = model.features if model else Anything()
    reader = DemandReader(folder, faults, features=features, plant=plant, parts=material.parts, skills=working.skills)
    demand = reader.read()
    check_working(working, faults, reader.planned())
    words = read_option_words(folder, faults, features)
    picture = read_picture(folder, faults, features)
    check_materials(reader, {offer.part for offer in material.offers}, material.stock, faults)
    configurator = check_model(model, faults) if model else None
    if configurator is not None:
        Proof(reader, configurator, plant, faults).run()
        _check_start(head, configurator, faults)
    return Product(
        id=head.product,
        words=head.product_words,
        model_text=model.text if model else "",
        hint=head.product_hint,
        currency=head.currency,
        demand=demand,
        option_words=words,
        start=head.start,
        picture=picture,
    )


def _check_start(head: Head, configurator: Configurator, faults: Faults) -> None:
    try:
        configurator.options(head.start)
    except (Contradiction, UnknownFeature) as fault:
        faults.add(FILE, 0, "start", fault.message)
