"""Differences between Sidelight and the Collector that are meant, each with its reason. Anything else fails."""

from differences import Expected

EXPECTED = [
    Expected(
        r"(family|series) (desk_)?(same[._]name|different(_total)?)(_created)?\b",
        "one name with two meanings: the Collector lets chance decide which is shown, Sidelight always shows the same",
        collector_varies=True,
    ),
    # === what the Collector leaves out
    Expected(
        r"series (desk_)?target_info\{.* only ours$", "a resource without service.instance.id keeps its target_info"
    ),
    Expected(r"family target only ours$", "target_info has a type in OpenMetrics"),
    Expected(r"OpenMetrics: family target_info only theirs$", "which is called `target` there"),
    Expected(
        r"text.*: series (desk_)?exp\w*([._]\w+)?_bucket\{.* only ours$",
        "text has no native histograms: exponential ones are shown in classic buckets",
    ),
    Expected(r"OpenMetrics: series exp\w*_bucket\{.* only ours$", "the same in OpenMetrics"),
    Expected(
        r"protobuf: series exp_milliseconds \(native\).*'exemplars'",
        "exemplars of the last exports are kept, not of the last one alone",
    ),
    Expected(
        r"(family|series) (desk_)?delta[._]updown\b.* only ours$", "deltas of a sum that may fall add up to its level"
    ),
    Expected(
        r"(family|series) (desk_)?value[._]none\b.* only ours$",
        "a point without a value does not take the other points of its metric along",
    ),
    Expected(r"(OpenMetrics|protobuf): family \S+: unit ours '\w+', theirs None$", "the unit is told"),
    Expected(r"series \S+\{.*\}: exemplar ours .*'(user_id|k)'", "exemplars keep their attributes"),
    # === labels
    Expected(
        r"(family|series) (desk_)?label[._](collision|reserved|scope)\b.* only (ours|theirs)$",
        "attributes that become one label are joined with `;`; the Collector leaves out the metric, or all but one",
    ),
    Expected(
        r"(family|series) (desk_)?label[._]names\b.* only (ours|theirs)$",
        "an attribute whose name cannot be a label is left out; the Collector leaves out the metric, or writes `key_`",
    ),
    Expected(
        r"remote write: label otel_scope_schema_url only ours$",
        "the schema of a scope is a label as it is on the pages of both",
    ),
    Expected(
        r"series (desk_)?label[._]le_\w+\{.* only (ours|theirs)$",
        "an attribute `le` becomes `exported_le`; the Collector loses it in the buckets",
    ),
    # === the rest
    Expected(
        r"series (desk_)?hist[._]no[._]sum_sum\{.* only theirs$",
        "a histogram without a sum has none; the Collector says 0",
    ),
    Expected(r"protobuf: series hist_no_sum_sum\{.*ours nan, theirs 0.0$", "in protobuf there always is one: NaN"),
    Expected(
        r"content type ours 'text/plain;version=1.0.0;",
        "text with UTF-8 names is version 1.0.0; the Collector calls it 0.0.4",
    ),
]
