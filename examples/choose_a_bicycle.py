"""Reason about a product without a platform: what is still possible, what it costs, and why something is not.

Run it with the interpreter that LotOne is installed in: `python examples/choose_a_bicycle.py`.
"""

from lotone import configure

MODEL = """
features
    Bicycle
        mandatory
            Drive
                alternative
                    "Hub motor" {Price 700}
                    "Mid motor" {Price 1000}
            Transmission
                alternative
                    Chain {Price 90}
                    Belt {Price 230}
        optional
            "Split frame" {Price 70}
            "Child seat" {Price 110}
constraints
    Belt => "Split frame"
    "Child seat" => !"Hub motor"
"""


def main() -> None:
    bicycle = configure.Configurator(configure.read_model(MODEL, name="bicycle"))

    options = bicycle.options(["Belt"])
    along = [name for name in options.forced if name in bicycle.model.options]
    print(f"with a belt: {', '.join(along)} comes along, {options.count} bicycles are left")
    print(f"they cost {options.price_min} to {options.price_max}")

    why = bicycle.explain(["Hub motor"], "Child seat")
    print(f"no child seat with the hub motor, because of: {'; '.join(why.constraints)}")
    print(f"for a child seat take back: {', '.join(why.take_back)}")

    cheapest = bicycle.complete(["Child seat"])
    print(f"the cheapest bicycle with a child seat: {', '.join(sorted(cheapest))}, {bicycle.price(cheapest)}")


if __name__ == "__main__":
    main()
