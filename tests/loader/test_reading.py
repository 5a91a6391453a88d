"""Reading blueprints: the one we ship is whole, and whatever is broken in one is named with file, line and column."""
# ruff: noqa: E501  (the faults stand here as they are told)

import json
import re
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import lotone
from lotone.assets import Meaning
from lotone.configure import Configurator, Product, explode, read_model
from lotone.loader import Blueprint, BrokenBlueprint, read_blueprint

EBIKE = Path(lotone.__file__).parent / "blueprints" / "ebike"


@pytest.fixture(scope="module")
def ebike() -> Blueprint:
    return read_blueprint(EBIKE, {"oven-1": 1502, "frame-1": 4841}, organization="acme")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(EBIKE, tmp_path / "ebike"))


def change(folder: Path, file: str, old: str, new: str) -> int:
    """Change a file and return the line of the change."""
    path = folder / file
    text = path.read_text(encoding="utf-8")
    assert text.count(old) >= 1, f"{old!r} is not in {file}"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return text.count("\n", 0, text.index(old)) + 1


def faults_of(folder: Path) -> list[str]:
    with pytest.raises(BrokenBlueprint) as caught:
        read_blueprint(folder)
    return [str(fault) for fault in caught.value.faults]


def test_the_bicycle_has_what_a_plant_needs(ebike: Blueprint) -> None:
    assert len(ebike.resources) == 12
    assert {resource.work_center for resource in ebike.resources} == {
        "frame",
        "paint",
        "curing",
        "wheels",
        "battery",
        "assembly",
    }
    assert len(ebike.product.demand.operations) == 8
    protocols = [connection.protocol for connection in ebike.connections]
    assert (protocols.count("sparkplug"), protocols.count("opcua"), protocols.count("modbus"), protocols.count("mqtt")) == (
        7,
        4,
        1,
        1,
    )
    for resource in ebike.resources:
        sensors = [tag for tag in ebike.tags if tag.asset == resource.work_unit and tag.meaning is Meaning.SENSOR]
        assert 6 <= len(sensors) <= 10


def test_addresses_are_filled_in(ebike: Blueprint) -> None:
    address = {connection.id: connection.address for connection in ebike.connections}
    assert address["oven-1"] == "modbus://127.0.0.1:1502/1"
    assert address["frame-1"] == "opc.tcp://127.0.0.1:4841"
    assert address["pack-1"] == "opc.tcp://127.0.0.1:{port}"
    assert address["paint-1"] == "spBv1.0/acme/paint-1/machine"
    tag = {tag.path: tag for tag in ebike.tags}
    assert (tag["paint-1/colour"].connection, tag["paint-1/colour"].address) == ("paint-1", "machine/colour")
    assert tag["frame-1/weld_current"].address == "ns=2;s=weld_current"
    assert tag["leak-1/pressure"].connection == "leak-1-rig"
    assert tag["leak-1/job"].connection == "leak-1"
    assert tag["oven-1/fault_code"].data_type == "integer"


def test_every_text_is_there_in_both_languages(ebike: Blueprint) -> None:
    texts = [
        ebike.words, ebike.product.words, ebike.product.hint,
        *(item.words for group in (ebike.suppliers, ebike.parts, ebike.equipment, ebike.tags) for item in group),
        *(operation.words for operation in ebike.product.demand.operations),
        *(words.name for words in ebike.product.option_words.values()),
        *(words.hint for words in ebike.product.option_words.values() if words.hint.en),
    ]  # fmt: skip
    assert all(text.en and text.zh for text in texts)
    model = read_model(ebike.product.model_text)
    assert set(model.features) == set(ebike.product.option_words)


def test_the_bicycle_has_enough_to_choose(ebike: Blueprint) -> None:
    model = read_model(ebike.product.model_text)
    assert len(model.options) >= 30
    assert len(model.constraints) >= 10
    options = Configurator(model).options(ebike.product.start)
    still_open = [name for name in options.possible if model.group_of[name].low > 0]
    assert not still_open, "the shop opens with a whole bicycle; only extras are open"


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_every_bicycle_can_be_made(ebike: Blueprint, data: st.DataObject) -> None:
    """Whatever is chosen: all parameters have a value, parts and times make sense, machines of the right kind do it."""
    configurator = Configurator(read_model(ebike.product.model_text), ebike.product.demand)
    chosen: list[str] = []
    for _ in range(data.draw(st.integers(0, 12))):
        options = [name for name in configurator.options(chosen).possible if name in configurator.model.options]
        if not options:
            break
        chosen.append(data.draw(st.sampled_from(options)))
    configuration = configurator.complete(chosen)
    demand = configurator.explode(configuration)
    assert [operation.step for operation in demand.operations] == [
        "frame",
        "paint",
        "cure",
        "wheels",
        "pack",
        "leak",
        "assemble",
        "test",
    ]
    assert all(10 <= operation.minutes <= 60 for operation in demand.operations)
    parts = {part.part for part in demand.parts}
    assert len([part for part in parts if part.startswith("motor-")]) == 1
    assert len([part for part in parts if part.startswith(("hub-rear", "hub-gear", "hub-auto", "motor-hub"))]) == 1
    assert {part for part in parts if part.startswith("paint-")} or "pigment-4011" in parts
    for operation in demand.operations:
        needed = {rule.parameter for rule in ebike.product.demand.parameters if rule.operation == operation.step}
        assert operation.parameters.keys() == needed
        assert operation.checks


def test_stock_lasts_for_about_sixty(ebike: Blueprint) -> None:
    configuration = set(Configurator(read_model(ebike.product.model_text)).complete(ebike.product.start))
    for part in explode(ebike.product.demand, configuration).parts:
        assert ebike.stock[part.part] >= 20 * part.quantity
    rare = {offer.part: offer.lead_time_days for offer in ebike.offers if ebike.stock[offer.part] <= 16}
    assert rare == {"pigment-4011": 4, "motor-mid-90": 6, "hub-auto": 3}


CASES = [
    ("product.uvl", "belt => split_frame", "belt => split_fram", "product.uvl:@:13: no feature is called 'split_fram'; did you mean 'split_frame'?"),
    ("product.uvl", "aurora => gloss", "!aurora", "demand.csv:#:when: no configuration has 'aurora'"),
    ("product.uvl", "Price 1190}", "Price 1190", "product.uvl:@:32: expected ',' or '}' after an attribute, found 'the end of the line'"),
    ("words.csv", "belt,Belt drive", "belts,Belt drive", "words.csv:@:feature: there is no feature 'belts'; did you mean 'belt'?"),
    ("words.csv", "chain,Chain", "belt,Chain", "words.csv:#:feature: 'belt' is in line # already"),
    ("words.csv", "chain,Chain,", "chain,,", "words.csv:@:name: expected a value, found nothing"),
    ("suppliers.csv", "lumen,", "Lumen!,", "suppliers.csv:@:supplier: expected a short id of lower case letters, digits and hyphens that begins with a letter, found 'Lumen!'"),
    ("suppliers.csv", "name_zh\n", "name_zh,automatic\nx,X,,maybe\n", "suppliers.csv:#:automatic: expected yes or nothing, found 'maybe'"),
    ("parts.csv", "chain,Chain,链条,piece,90", "chain,Chain,链条,piece,many", "parts.csv:@:stock: expected a number, found 'many'"),
    ("parts.csv", "chain,Chain,链条,piece,90", "chain,Chain,链条,piece,-1", "parts.csv:@:stock: expected a number from 0 to 1e+09, found -1"),
    ("parts.csv", "chain,Chain,链条,piece,90", "chain,Chain,链条,piece,nan", "parts.csv:@:stock: expected a number, found 'nan'"),
    ("parts.csv", "part,name,name_zh,unit,stock", "part,name,name_zh,unit,stok", "parts.csv:@:stok: the table has no such column; did you mean 'stock'?"),
    ("parts.csv", "part,name,", "part,title,", "parts.csv:@:name: the column is missing; expected part, name"),
    ("parts.csv", "chain,Chain,链条,piece,90", "chain,Chain,链条,piece,90,5", "parts.csv:@: expected 5 cells as in the header, found 6"),
    ("parts.csv", "chain,Chain", 'chain,"Chain', "parts.csv:@: the row can't be read as CSV: unexpected end of data"),
    ("offers.csv", "gatewheel,chain,11", "gatewheel,chains,11", "offers.csv:@:part: there is no part 'chains'; did you mean 'chain'?"),
    ("offers.csv", "gatewheel,chain,11", "gate,chain,11", "offers.csv:@:supplier: there is no supplier 'gate'; did you mean 'gatewheel'?"),
    ("offers.csv", "gatewheel,chain,11,2", "gatewheel,chain,11,soon", "offers.csv:@:lead_time_days: expected a number, found 'soon'"),
    ("offers.csv", "gatewheel,belt-set,84,2\n", "", "demand.csv:#:part: no supplier offers 'belt-set' in offers.csv: once its 80 are used, there are no more"),
    ("equipment.csv", "paint-2,work_unit,paint,", "paint-2,work_unit,painting,", "equipment.csv:@:parent: there is no work_center 'painting'; did you mean 'paint'?"),
    ("equipment.csv", "paint-2,work_unit,paint,", "paint-2,work_unit,body,", "equipment.csv:@:parent: expected a work_center here; 'body' is of level area"),
    ("equipment.csv", "paint-2,work_unit", "paint-2,machine", "equipment.csv:@:level: expected one of site, area, work_center, work_unit, found 'machine'"),
    ("equipment.csv", "喷漆房 2,two-shifts", "喷漆房 2,", "equipment.csv:@:calendar: expected a value, found nothing"),
    ("equipment.csv", "喷漆房 2,two-shifts", "喷漆房 2,three-shifts", "equipment.csv:@:calendar: there is no calendar 'three-shifts'; did you mean 'two-shifts'?"),
    ("equipment.csv", "paint-2,", "paint-1,", "equipment.csv:@:id: 'paint-1' is in line 13 already"),
    ("calendars.csv", "Mon-Sat", "Mon-Someday", "calendars.csv:@:calendar: 'someday' is not a weekday such as Mon"),
    ("calendars.csv", "Mon-Sat", "-", "calendars.csv:@:calendar:"),
    ("calendars.csv", "06:00,22:00", "6 o'clock,22:00", "calendars.csv:@:calendar:"),
    ("calendars.csv", "22:00,Europe/Berlin", "22:00,Europe/Atlantis", "calendars.csv:@:calendar: calendar two-shifts: 'Europe/Atlantis' is not a time zone such as Europe/Berlin"),
    ("connections.csv", "pack-1,opcua,", "pack-1,profinet,", "connections.csv:@:protocol: expected one of sparkplug, mqtt, opcua, modbus, s7, http, "),
    ("connections.csv", "modbus://127.0.0.1:{port}/1", "modbus:127.0.0.1", "connections.csv:@:address: "),
    ("connections.csv", "pack-1,opcua,opc.tcp://127.0.0.1:{port},pack-1", "pack-1,opcua,opc.tcp://127.0.0.1:{port},pack-9", "connections.csv:@:work_units: there is no work unit 'pack-9'; did you mean 'pack-1'?"),
    ("connections.csv", '"{""log""', '"{log', "connections.csv:@:settings: expected JSON: "),
    ("tags.csv", "paint,coats,integer", "paint,coats,decimal", "tags.csv:@:type: expected one of number, integer, boolean, text, found 'decimal'"),
    ("tags.csv", "paint,coats,integer,parameter,,,1,4,yes", "paint,coats,integer,parameter,,,1,4,", "tags.csv:@:writable: a parameter is written by LotOne; expected yes"),
    ("tags.csv", "paint,coats,integer,parameter,,,1,4,yes", "paint,coats,integer,parameter,,,4,1,yes", "tags.csv:@:high: expected a number above low (4), found 1"),
    ("tags.csv", "paint,coats,integer,parameter,,,1,4,yes", "paint,coats,integer,parameter,,,1,2,yes", "parameters.csv:#:value: paint-1/coats takes values from 1.0 to 2.0, found '3'"),
    ("tags.csv", "paint,coats,integer", "lacquer,coats,integer", "tags.csv:@:asset: there is no work unit or work center 'lacquer'"),
    ("tags.csv", "holding:20:float32", "20", "tags.csv:@:address: expected the register of oven-1/temperature_zone_1 such as holding:20:float32, found '20'"),
    ("tags.csv", "oven-1,fault_code,integer", "oven-1,fault_code,text", "tags.csv:@:type: oven-1/fault_code is a text, which registers can't hold; expected number, integer or boolean"),
    ("tags.csv", "leak-1-rig", "leak-2-rig", "tags.csv:@:connection: connection 'leak-2-rig' does not list leak-1; did you mean 'leak-1-rig'?"),
    ("tags.csv", "*,job,integer,job", "*,job,integer,sensor", "tags.csv:meaning: frame-1 has no tag that means job; jobs need one"),
    ("operations.csv", "assemble,Assemble", "assembly,Assemble", "operations.csv:#:after: there is no operation 'assemble'; did you mean 'assembly'?"),
    ("operations.csv", "焊接车架,frame,,,26", "焊接车架,frames,,,26", "operations.csv:@:work_center: there is no work center 'frames'; did you mean 'frame'?"),
    ("operations.csv", "battery,pack-1,,12", "battery,paint-1,,12", "operations.csv:@:work_units: 'paint-1' is not in work center 'battery'; it has pack-1, leak-1"),
    ("operations.csv", "焊接车架,frame,,,26", "焊接车架,frame,,test,26", "operations.csv:@:after: the operations frame, paint, cure, assemble, test wait for each other"),
    ("operations.csv", "cure wheels leak", "cure wheels leaks", "operations.csv:@:after: there is no operation 'leaks'; did you mean 'leak'?"),
    ("operations.csv", "焊接车架,frame,,,26", "焊接车架,frame,,,0", "operations.csv:@:minutes: expected a number from 0.01 to 10080, found 0"),
    ("times.csv", "split_frame,5", "split_frame,-40", "operations.csv:#:minutes: 'frame' takes -14 minutes, for example with diamond, size_s, split_frame; expected more than 0"),
    ("times.csv", "hub_gear | auto_gear,4", "hub_gear || auto_gear,4", "times.csv:@:when: in 'hub_gear || auto_gear' at character 11: expected a feature, ! or (, found '|'"),
    ("times.csv", "wheels,hub_45", "wheel,hub_45", "times.csv:@:operation: there is no operation 'wheel'; did you mean 'wheels'?"),
    ("demand.csv", "belt-set,1,assemble,belt", "belt-set,1,assemble,belt & derailleur", "demand.csv:@:when: no configuration has 'belt & derailleur'"),
    ("demand.csv", "motor-mid-90,1,assemble,mid_90,motor", "motor-mid-90,1,assemble,mid_90 | mid_65,motor", "demand.csv:@:when: 'motor' gets a second part beside line #, for example with mid_65"),
    ("demand.csv", "motor-mid-90,1,assemble,mid_90,motor", "motor-mid-90,1,assemble,mid_90 & tracker,motor", "demand.csv:@:when: no part fills 'motor', for example with mid_90"),
    ("demand.csv", "motor-mid-90,1,assemble,mid_90,motor", "motor-mid-90,1,assemble,mid_90,motor?", "demand.csv:@:slot: 'motor' is written with a question mark here and without one in line #"),
    ("demand.csv", "motor-mid-90,1,assemble,mid_90,motor", "motor-mid-90,1,assemble,mid_90,Motor!", "demand.csv:@:slot: expected a slot such as motor, or basket? where it may stay empty, found 'Motor!'"),
    ("demand.csv", "belt-set,1,assemble,belt", "belt-set,0,assemble,belt", "demand.csv:@:quantity: expected a number from 0.001 to 1e+06, found 0"),
    ("demand.csv", "belt-set,1,assemble,belt", "belt-set,1,assemble,velt", "demand.csv:@:when: in 'velt': the model has no feature 'velt'; did you mean 'belt'?"),
    ("parameters.csv", "paint,coats,3,aurora", "paint,coats,3,aurora & gloss | sand", "parameters.csv:@:when: 'coats' gets a second value beside line #, for example with sand"),
    ("parameters.csv", "paint,colour,4011,aurora\n", "", "parameters.csv:#:when: 'colour' of 'paint' gets no value, for example with aurora"),
    ("parameters.csv", "paint,colour,9016,arctic", "paint,colour,white,arctic", "parameters.csv:@:value: paint-1/colour takes a value of type integer, found 'white'"),
    ("parameters.csv", "test,roller_speed_set,25,\n", "", "operations.csv:#:operation: no row of parameters.csv sets test-1/roller_speed_set: it would keep the value of the unit before"),
    ("parameters.csv", "test,roller_speed_set,25,", "test,roller_speed,25,", "parameters.csv:@:parameter: test-1, which can do 'test', has no tag 'roller_speed' that means parameter"),
    ("demand.csv", "spokes,64,wheels,!auto_gear", "spokes,=64 +,wheels,!auto_gear", "demand.csv:@:quantity: in '=64 +' at character 6: expected a feature, ! or (, found the end"),
    ("demand.csv", "spokes,64,wheels,!auto_gear", "spokes,=64 - sum(Price),wheels,!auto_gear", "demand.csv:@:quantity: =64 - sum(Price) is too small, for example with "),
    ("demand.csv", "spokes,64,wheels,!auto_gear", "spokes,=64 / (rack + basket),wheels,!auto_gear", "demand.csv:@:quantity: the formula =64 / (rack + basket) has no value, for example with "),
    ("parameters.csv", "wheels,spoke_count,64,!auto_gear", "wheels,spoke_count,=64.5 * 2,!auto_gear", "parameters.csv:@:value: wheel-1/spoke_count takes a value of type integer; the formula gives a number that may have decimals, found '=64.5 * 2'"),
    ("parameters.csv", "wheels,spoke_count,64,!auto_gear", "wheels,spoke_count,=64 + size_m.Height,!auto_gear", "parameters.csv:@:value: 'size_m' has no attribute 'Height'"),
    ("parameters.csv", "wheels,spoke_count,64,!auto_gear", "wheels,spoke_count,=34 + rack,!auto_gear", "parameters.csv:@:value: =34 + rack is no value that wheel-1/spoke_count takes, for example with "),
    ("operations.csv", "焊接车架,frame,,,26", "焊接车架,frame,,,=size_m.Price - 1", "operations.csv:@:minutes: 'size_m' has no attribute 'Price'"),
    ("times.csv", "split_frame,5", "split_frame,=0 - sum(Price)", "operations.csv:#:minutes: 'frame' takes -"),
    ("checks.csv", "leak,leak_rate,0,2.5,", "leak,leak_rate,=rack * 3,2.5,", "checks.csv:@:high: the low limit is above the high one, for example with rack"),
    ("checks.csv", "leak,leak_rate,0,2.5,", "leak,leak_rate,3,2.5,", "checks.csv:@:high: expected a number of at least low (3), found 2.5"),
    ("checks.csv", "leak,leak_rate,0,2.5,", "leak,leak_rate,,,", "checks.csv:@:low: expected a limit in low, high or both"),
    ("checks.csv", "leak,leak_rate,0", "leak,pressure,0", "checks.csv:@:check: leak-1, which can do 'leak', has no tag 'pressure' that means check"),
    ("picture.csv", "arctic", "artic", "picture.csv:@:when: in 'artic': the model has no feature 'artic'; did you mean 'arctic'?"),
    ("picture.csv", "#c9d2d9", "url(http://x)", "picture.csv:@:value: expected a colour, length or number as value of --paint, found 'url(http://x)'"),
    ("picture.svg", 'data-when="touring_tyres"', 'data-when="touring"', "picture.svg:@:data-when: the model has no feature 'touring'"),
    ("picture.svg", "<defs>", "<script>1</script><defs>", "picture.svg:@: <script> is not allowed in a picture"),
    ("blueprint.toml", 'currency = "EUR"', 'currency = "euro"', "blueprint.toml:@:currency: expected a currency such as EUR, found 'euro'"),
    ("blueprint.toml", 'currency = "EUR"', "currency = EUR", "blueprint.toml:@:12: this is not TOML: Invalid value"),
    ("blueprint.toml", 'time_zone = "Europe/Berlin"', 'time_zone = "Berlin"', "blueprint.toml:@:time_zone: 'Berlin' is no time zone such as Europe/Berlin"),
    ("blueprint.toml", 'language = "en"', 'langauge = "en"', "blueprint.toml:@:langauge: there is no setting 'langauge'; did you mean 'language'?"),
    ("blueprint.toml", '"city_bar"', '"flat_bar", "city_bar"', "blueprint.toml:start: take back"),
]  # fmt: skip


@pytest.mark.parametrize(("file", "old", "new", "fault"), CASES, ids=lambda text: text[:40])
def test_a_fault_is_named(folder: Path, file: str, old: str, new: str, fault: str) -> None:
    """In `fault`, `@` stands for the line that was changed and `#` for another line."""
    line = change(folder, file, old, new)
    pattern = re.escape(fault).replace("@", str(line)).replace(r"\#", r"\d+")
    faults = faults_of(folder)
    assert any(re.match(pattern, found) for found in faults), "\n".join(faults)


def test_formulas_stand_where_numbers_do(folder: Path) -> None:
    change(folder, "demand.csv", "spokes,64,wheels,!auto_gear", "spokes,=60 + 4 * rack,wheels,!auto_gear")
    change(folder, "parameters.csv", "wheels,spoke_count,64,!auto_gear", "wheels,spoke_count,=60 + 4 * rack,!auto_gear")
    change(folder, "operations.csv", "焊接车架,frame,,,26", "焊接车架,frame,,,=26 + size_xl.Price / 100")
    product = read_blueprint(folder).product
    configurator = Configurator(read_model(product.model_text), product.demand)
    plain, racked = (configurator.explode(configurator.complete(["size_xl", *more])) for more in ((), ("rack",)))
    assert [need.operation("wheels").parameters["spoke_count"] for need in (plain, racked)] == [60, 64]
    assert [next(part.quantity for part in need.parts if part.part == "spokes") for need in (plain, racked)] == [60, 64]
    assert plain.operation("frame").minutes == 28.25
    assert Product.from_content("ebike", json.loads(json.dumps(product.content()))) == product


def test_formulas_over_what_a_buyer_writes(folder: Path) -> None:
    change(
        folder,
        "product.uvl",
        "            kickstand {Price 25}",
        "            kickstand {Price 25}\n            String engraving",
    )
    line = change(
        folder, "demand.csv", "carton,1,test,,", "hardware-kit,=len(engraving) * 0.5,assemble,engraving,\ncarton,1,test,,"
    )
    (fault,) = faults_of(folder)
    assert fault.startswith(f"demand.csv:{line}:quantity: =len(engraving) * 0.5 is too small, for example with engraving = ;")
    change(folder, "demand.csv", "assemble,engraving,", "assemble,engraving & len(engraving) > 0,")
    product = read_blueprint(folder).product
    configurator = Configurator(read_model(product.model_text), product.demand)
    chosen = configurator.complete([*product.start, "engraving"])
    parts = configurator.explode(chosen, {"engraving": "Ada"}).parts
    assert next(part.quantity for part in parts if part.part == "hardware-kit") == 2.5


def test_all_faults_come_together(folder: Path) -> None:
    change(folder, "parts.csv", "chain,Chain,链条,piece,90", "chain,Chain,链条,piece,many")
    change(folder, "tags.csv", "paint,coats,integer", "paint,coats,decimal")
    (folder / "calendars.csv").unlink()
    (folder / "words.csv").write_bytes(b"\x89PNG\r\n\x1a\n")
    files = {fault.partition(":")[0] for fault in faults_of(folder)}
    assert {"parts.csv", "tags.csv", "calendars.csv", "words.csv", "equipment.csv"} <= files


def test_a_port_for_nobody(folder: Path) -> None:
    with pytest.raises(BrokenBlueprint, match=r"a port was given for 'oven-2'; did you mean 'oven-1'\?"):
        read_blueprint(folder, {"oven-2": 1502})


def test_no_folder_and_an_empty_one(tmp_path: Path) -> None:
    with pytest.raises(BrokenBlueprint, match="there is no such folder"):
        read_blueprint(tmp_path / "none")
    missing = {fault for fault in faults_of(tmp_path) if fault.endswith(": the file is missing")}
    assert {fault.partition(":")[0] for fault in missing} >= {"blueprint.toml", "parts.csv", "operations.csv", "tags.csv"}


@pytest.mark.parametrize("file", sorted(path.name for path in EBIKE.iterdir()))
def test_garbage_in_any_file_is_a_fault_of_that_file(folder: Path, file: str) -> None:
    for content in (b"", b"\x00\x01\x02\xff" * 5000, b"\xff\xd8\xff\xe0 JFIF", b"a,b\n1,2,3\n", "，".encode() * 100):
        (folder / file).write_bytes(content)
        assert any(fault.startswith(file) for fault in faults_of(folder))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_damage_anywhere_never_crashes(folder: Path, data: st.DataObject) -> None:
    file = data.draw(st.sampled_from(sorted(path.name for path in EBIKE.iterdir())))
    text = (EBIKE / file).read_text(encoding="utf-8")
    at, length = data.draw(st.integers(0, len(text))), data.draw(st.integers(0, 30))
    piece = data.draw(
        st.sampled_from(["", ",", '"', "\n", "-1", "nan", "1e999", "&", "(", "{", "frame", "*", "\x00", "车", " "])
    )
    (folder / file).write_text(text[:at] + piece + text[at + length :], encoding="utf-8")
    try:
        read_blueprint(folder)
    except BrokenBlueprint as broken:
        assert all(fault.file and fault.message for fault in broken.faults)
    finally:
        shutil.copy(EBIKE / file, folder / file)
