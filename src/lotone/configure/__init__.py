'''What may be ordered: product families as feature models in UVL, and answers about them while a buyer chooses.

`read_model` reads a model (or says in which line and column it is wrong, and what was expected there). A `Configurator`
answers about it in a millisecond, from any number of threads: what is still possible after some choices (`options`), why
something is not and what would have to go (`explain`), what it costs (`price`), how to finish it cheaply or by any other
measure (`complete`), what changes least when something is wanted anyway (`nearest`), how many configurations there are
(`count`), one of them by chance (`sample`), and which parts, operations, machine parameters and checks one unit needs
(`explode`). `ConfigureService` publishes products,
each a model with its words, tables and picture, in versions.

The library is useful alone:

>>> from lotone import configure
>>> model = configure.read_model("""
... features
...     Bike
...         alternative
...             Belt {Price 190}
...             Chain {Price 80.50}
...         optional
...             "Split frame"
... constraints
...     Belt => "Split frame"
... """)
>>> bike = configure.Configurator(model)
>>> bike.options(["Belt"]).forced
('Bike', 'Split frame')
>>> str(bike.price(["Chain"]))
'80.50 EUR'
>>> why = bike.explain(["Chain"], "Belt")
>>> why.take_back, [rule.text for rule in why.reasons]
(('Chain',), ['Bike: alternative of Belt, Chain'])
>>> options = bike.options([])
>>> options.count, str(options.price_min), str(options.price_max), str(options.price_with["Split frame"])
(3, '80.50 EUR', '190.00 EUR', '80.50 EUR')
>>> sorted(bike.nearest(["Chain"], "Belt")), sorted(bike.complete([], cost={"Belt": 1, "Chain": 2}))
(['Belt', 'Bike', 'Split frame'], ['Belt', 'Bike', 'Split frame'])
>>> bike.check(bike.sample(seed=1)) == bike.sample(seed=1)
True
'''

from lotone.configure.facts import DraftSaved, ProductPublished, ProductReleased
from lotone.configure.model.binding import Unfit, bound
from lotone.configure.model.demand import (
    ANYTHING,
    CheckNeed,
    CheckRule,
    CircularRouting,
    Demand,
    DemandRules,
    OperationNeed,
    OperationRule,
    ParameterRule,
    PartNeed,
    PartRule,
    TimeRule,
    in_working_order,
    setting_text,
)
from lotone.configure.model.demanded import (
    KEEP_DAYS_MAX,
    SMALLEST_MAX,
    DateLoss,
    Funnel,
    Interest,
    InterestSettings,
    LostBy,
    OptionInterest,
    PairInterest,
    WrongInterestSetting,
)
from lotone.configure.model.difference import Change, ChangeKind, difference
from lotone.configure.model.draft import (
    BrokenDraft,
    Draft,
    DraftMoved,
    NothingToUndo,
    ProductTaken,
    UnknownDraft,
    WrongDraft,
)
from lotone.configure.model.effect import Affected, Effect, Held
from lotone.configure.model.explosion import Tables, explode
from lotone.configure.model.expression import (
    ALWAYS,
    And,
    Compare,
    Count,
    Equal,
    Expression,
    Implies,
    Name,
    Not,
    Number,
    Or,
    Scalar,
    Term,
    Unbound,
    as_text,
    features_of,
    holds,
    parse_expression,
    parse_term,
)
from lotone.configure.model.fault import BrokenModel, Fault, Faulty, WrongExpression
from lotone.configure.model.features import (
    Feature,
    FeatureType,
    Group,
    GroupKind,
    Model,
    Rule,
    RuleKind,
    similar,
    unknown_names,
)
from lotone.configure.model.finding import Analysis, Finding, FindingKind
from lotone.configure.model.formula import (
    FormulaKind,
    NoAmount,
    Quantity,
    Setting,
    as_cell,
    formula_kind,
    from_cell,
    is_formula,
)
from lotone.configure.model.interest import Cause, Tally, Visit
from lotone.configure.model.options import Contradiction, Explanation, Incomplete, Options, State, UnknownFeature
from lotone.configure.model.phrase import phrase
from lotone.configure.model.picture import Picture, PictureStyle, WrongPicture
from lotone.configure.model.product import OptionWords, Product
from lotone.configure.model.rewriting import renamed, with_prices, with_rules
from lotone.configure.model.saved import (
    NAME_MAX,
    SAVED_MAX,
    Reviewed,
    SavedConfiguration,
    TooManySaved,
    UnknownSaved,
    WrongName,
)
from lotone.configure.model.table import VariantTable, WrongTable
from lotone.configure.model.version import AlreadyReleased, NothingNew, Version, VersionState
from lotone.configure.model.violation import Violation, ViolationKind
from lotone.configure.reading.model import read_model
from lotone.configure.reading.table import read_table, read_tables
from lotone.configure.reasoning.amounts import Range
from lotone.configure.reasoning.analysis import AS_ONE_TYPES, analyse
from lotone.configure.reasoning.configurator import Configurator
from lotone.configure.reasoning.given import WrongValue
from lotone.configure.reasoning.limits import Limits, NoCompiler, TooHard
from lotone.configure.reasoning.proofs import prove
from lotone.configure.reasoning.wishes import UnknownAttribute
from lotone.configure.service.checking import faults_of
from lotone.configure.service.configurators import (
    HardModel,
    WrongProduct,
    check_product,
    configurator_of,
    keep_compiled_in,
    prepare,
)
from lotone.configure.service.drafts import DraftService, Plant, Saved
from lotone.configure.service.effect import effect_of
from lotone.configure.service.interest import InterestService, Visits
from lotone.configure.service.products import ConfigureService, UnknownProduct, WrongMoment
from lotone.configure.service.saved import SavedService
from lotone.configure.service.workbook import COLUMNS, BadRows, NoWorkbook, read_workbook, rows_of, write_workbook
from lotone.configure.store import Store, VersionTaken
from lotone.configure.store_drafts import DraftStore
from lotone.configure.store_interest import InterestStore
from lotone.configure.store_saved import SavedStore
from lotone.configure.writing.dimacs import NotBoolean, write_dimacs
from lotone.configure.writing.uvl import Unwritable, write_uvl

__all__ = [
    "ALWAYS",
    "ANYTHING",
    "AS_ONE_TYPES",
    "COLUMNS",
    "KEEP_DAYS_MAX",
    "NAME_MAX",
    "SAVED_MAX",
    "SMALLEST_MAX",
    "Affected",
    "AlreadyReleased",
    "Analysis",
    "And",
    "BadRows",
    "BrokenDraft",
    "BrokenModel",
    "Cause",
    "Change",
    "ChangeKind",
    "CheckNeed",
    "CheckRule",
    "CircularRouting",
    "Compare",
    "Configurator",
    "ConfigureService",
    "Contradiction",
    "Count",
    "DateLoss",
    "Demand",
    "DemandRules",
    "Draft",
    "DraftMoved",
    "DraftSaved",
    "DraftService",
    "DraftStore",
    "Effect",
    "Equal",
    "Explanation",
    "Expression",
    "Fault",
    "Faulty",
    "Feature",
    "FeatureType",
    "Finding",
    "FindingKind",
    "FormulaKind",
    "Funnel",
    "Group",
    "GroupKind",
    "HardModel",
    "Held",
    "Implies",
    "Incomplete",
    "Interest",
    "InterestService",
    "InterestSettings",
    "InterestStore",
    "Limits",
    "LostBy",
    "Model",
    "Name",
    "NoAmount",
    "NoCompiler",
    "NoWorkbook",
    "Not",
    "NotBoolean",
    "NothingNew",
    "NothingToUndo",
    "Number",
    "OperationNeed",
    "OperationRule",
    "OptionInterest",
    "OptionWords",
    "Options",
    "Or",
    "PairInterest",
    "ParameterRule",
    "PartNeed",
    "PartRule",
    "Picture",
    "PictureStyle",
    "Plant",
    "Product",
    "ProductPublished",
    "ProductReleased",
    "ProductTaken",
    "Quantity",
    "Range",
    "Reviewed",
    "Rule",
    "RuleKind",
    "Saved",
    "SavedConfiguration",
    "SavedService",
    "SavedStore",
    "Scalar",
    "Setting",
    "State",
    "Store",
    "Tables",
    "Tally",
    "Term",
    "TimeRule",
    "TooHard",
    "TooManySaved",
    "Unbound",
    "Unfit",
    "UnknownAttribute",
    "UnknownDraft",
    "UnknownFeature",
    "UnknownProduct",
    "UnknownSaved",
    "Unwritable",
    "VariantTable",
    "Version",
    "VersionState",
    "VersionTaken",
    "Violation",
    "ViolationKind",
    "Visit",
    "Visits",
    "WrongDraft",
    "WrongExpression",
    "WrongInterestSetting",
    "WrongMoment",
    "WrongName",
    "WrongPicture",
    "WrongProduct",
    "WrongTable",
    "WrongValue",
    "analyse",
    "as_cell",
    "as_text",
    "bound",
    "check_product",
    "configurator_of",
    "difference",
    "effect_of",
    "explode",
    "faults_of",
    "features_of",
    "formula_kind",
    "from_cell",
    "holds",
    "in_working_order",
    "is_formula",
    "keep_compiled_in",
    "parse_expression",
    "parse_term",
    "phrase",
    "prepare",
    "prove",
    "read_model",
    "read_table",
    "read_tables",
    "read_workbook",
    "renamed",
    "rows_of",
    "setting_text",
    "similar",
    "unknown_names",
    "with_prices",
    "with_rules",
    "write_dimacs",
    "write_uvl",
    "write_workbook",
]
