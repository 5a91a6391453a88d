"""A small family of bicycles, and a clock on the wall that is moved by hand, for the tests of drafts and versions."""

from dataclasses import dataclass, field, replace
from datetime import datetime

from lotone.configure import DemandRules, OperationRule, PartRule, Product, parse_expression
from lotone.kernel import Fact, Words

MODEL = """features
    bike {Price 900}
        alternative
            chain
            belt {Price 90}
        optional
            rack {Price 45}
            bag {Price 20, litres 12}
constraints
    bag => rack
"""
BIKE = Product(
    id="bike",
    words=Words("Bike", "自行车"),
    model_text=MODEL,
    demand=DemandRules(
        operations=(OperationRule("build", Words("Build", "组装"), "assembly", 20.0),),
        parts=(PartRule("rack", 1.0, "build", parse_expression("rack")),),
    ),
    start=("chain",),
)
DEARER = replace(BIKE, model_text=MODEL.replace("Price 90}", "Price 95}"))


@dataclass
class Wall:
    now: datetime
    facts: list[Fact] = field(default_factory=list)

    def __call__(self) -> datetime:
        return self.now
