"""Values of typed features, given along with choices."""

import pytest

from lotone.configure import Configurator, Contradiction, parse_expression, read_model
from lotone.configure.reasoning.given import WrongValue

WINDOW = """features
    Window
        mandatory
            Integer Width
            String Text
        optional
            Safety {Price 90}
            Wood {Price 50}
            Real Tilt
constraints
    Width >= 400
    Width <= 2400
    Width > 1500 => Safety
    Wood => Width < 1200
    Tilt => Tilt <= 45.5
    Wood => Text != 'none'
"""


@pytest.fixture(scope="module")
def window() -> Configurator:
    return Configurator(read_model(WINDOW))


def test_values_decide_what_is_possible(window: Configurator) -> None:
    wide = window.options([], values={"Width": "1600"})
    assert wide.selected == ("Width",)
    assert wide.values == {"Width": 1600}
    assert {"Window", "Text", "Safety"} == set(wide.forced)
    assert wide.impossible == ("Wood",)
    assert (wide.price_min.cents, wide.price_max.cents) == (9000, 9000)
    small = window.options([], values={"Width": 1000})
    assert {"Safety", "Wood", "Tilt"} == set(small.possible)
    assert window.complete(["Wood"], values={"Width": 1000}) == {"Window", "Width", "Text", "Wood"}
    assert window.check(["Window", "Width", "Text", "Safety"], {"Width": 2000})
    assert "Safety" in window.sample(seed=1, values={"Width": 2400})
    assert window.nearest(["Wood"], "Wood", values={"Width": 1100}) == {"Window", "Width", "Text", "Wood"}


def test_what_a_value_can_be(window: Configurator) -> None:
    width = window.domain("Width", ["Wood"])
    assert width is not None
    assert (width.low, width.high) == (400, 1199)
    assert window.domain("Safety") is None
    tilt = window.domain("Tilt", values={"Width": 500})
    assert tilt is not None
    assert tilt.high == 45.5


def test_values_that_do_not_go_are_told(window: Configurator) -> None:
    with pytest.raises(Contradiction) as caught:
        window.options(["Wood"], values={"Text": "hello", "Width": 1600})
    assert caught.value.explanation.take_back == ("Width",)
    assert window.explain([], "Wood", values={"Width": 1600}).take_back == ("Width",)
    assert window.explain([], "Wood", values={"Width": 600}).is_possible


def test_values_of_another_kind_are_refused(window: Configurator) -> None:
    for values in ({"Width": "wide"}, {"Width": 1.5}, {"Safety": 1}, {"Tilt": "steep"}, {"Width": float("inf")}):
        with pytest.raises(WrongValue, match="does not fit"):
            window.options([], values=values)


def test_conditions_over_numbers(window: Configurator) -> None:
    assert window.is_possible([parse_expression("Safety & Wood")])
    assert window.is_possible()
    assert not window.is_possible([parse_expression("Wood & !Text")])


def test_values_that_no_rule_compares_are_free() -> None:
    plain = Configurator(read_model("features\n    Shirt\n        optional\n            String Name\n            Pocket\n"))
    options = plain.options([], values={"Name": "Lo"})
    assert options.selected == ("Name",)
    assert options.values == {"Name": "Lo"}
    assert options.count == 2
    assert plain.domain("Name") is None
