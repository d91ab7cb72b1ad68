"""What a notebook shows of records, lists and reports: small tables, readable in light and dark.

Nothing is loaded from elsewhere, nothing runs, and every text is escaped. The colours follow
JupyterLab's and VS Code's theme where there is one, else what the browser prefers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from itertools import islice
from typing import TYPE_CHECKING, Any

from halfback import records
from halfback.entities import Comparison, Evaluation, _short, _size
from halfback.errors import HalfbackError
from halfback.pages import Page, Pages

if TYPE_CHECKING:
    from datetime import datetime

    from halfback.bundles import Bundle
    from halfback.metrics import MetricFrame
    from halfback.progress import Picture
    from halfback.registry import Registry

__all__ = ["bundle_html", "frame_html", "html", "progress_html", "registry_html"]

_MOST_ROWS = 50
_MOST_MARKS = 12
_MOST_TEXT = 300


class Markup(str):
    """Text that is HTML already, and is not escaped again."""

    __slots__ = ()


def html(shown: Any) -> str:
    """The HTML of a record, a list of them, or a report."""
    if isinstance(shown, (Page, Pages)):
        return _framed(_list(shown))
    for cls, render in _RENDERERS.items():
        if isinstance(shown, cls):
            return _framed(render(shown))
    return _framed(escape(repr(shown)))


def registry_html(registry: Registry) -> str:
    """The HTML of a registry: how far it has come, and its models."""
    title = _title("Registry", str(registry.path))
    if registry.closed:
        return _framed(title + _note("closed"))
    try:
        info = registry.info()
        models = _list(registry.list_models())
    except HalfbackError as error:
        return _framed(title + _note(error.message))
    facts = {
        "commit": f"{info.commit:,}",
        "root": _code(info.root[:16] + "…"),
        "format": info.format,
        "created": _time(info.created_at),
    }
    return _framed(title + _facts(facts) + models)


def bundle_html(bundle: Bundle) -> str:
    """The HTML of a bundle: where it is and comes from, and the version in it."""
    facts = {"registry": _code(bundle.registry), "files": f"{len(bundle.files().files):,}"}
    return _framed(_title("Bundle", str(bundle.path)) + _facts(facts) + _version(bundle.version))


def frame_html(frame: MetricFrame) -> str:
    """The HTML of metrics by group: those of all rows, and a table of the groups."""
    names, overall, rows = frame._shown()
    facts = {escape(name): text for name, text in zip(names[-len(overall) :], overall, strict=True)}
    left = len(names) - len(overall)
    cells = [[*row[:left], *map(_right, row[left:])] for row in rows]
    heads = [*names[:left], *map(_right, names[left:])]
    return _framed(_title("Metrics", "") + _facts(facts) + _table(heads, cells, len(rows)))


def _backup(backup: records.Backup) -> str:
    facts = {
        "commit": f"{backup.commit:,}",
        "root": _code(backup.root[:16] + "…"),
        "copied": f"{backup.files_copied:,} files, {_size(backup.bytes_copied)}",
        "kept": f"{backup.files_kept:,} files, {_size(backup.bytes_kept)}",
        "database": _size(backup.database_bytes),
    }
    return _title("Backup", backup.path) + _facts(facts)


def _restored(restored: records.Restored) -> str:
    facts = {
        "commit": f"{restored.commit:,}",
        "root": _code(restored.root[:16] + "…"),
        "files": f"{restored.files:,} files, {_size(restored.bytes)}",
        "database": _size(restored.database_bytes),
        "erasures": "none were given" if restored.erased is None else "repeated",
    }
    return _title("Restored", restored.path) + _facts(facts)


def progress_html(picture: Picture) -> str:
    """The HTML of a transfer that is under way."""
    bar = f'<span class="bar"><span style="width:{picture.part:.0%}"></span></span>'
    said = "".join(
        f"<span>{escape(text)}</span>"
        for text in (f"{picture.part:.0%}", picture.amount, picture.rate, picture.time)
    )
    return _framed(f'<div class="move"><b>{escape(picture.doing)}</b>{bar}{said}</div>')


# Records.


def _catalog(catalog: records.Catalog | records.Schema) -> str:
    kind = "Schema" if isinstance(catalog, records.Schema) else "Catalog"
    facts = {
        "owner": catalog.owner,
        "created": _made(catalog.created_at, catalog.created_by),
        "tags": _tags(catalog.tags),
    }
    return _title(kind, catalog.name) + _note(catalog.comment) + _facts(facts)


def _model(model: records.Model) -> str:
    facts = {
        "latest": None if model.latest_version is None else f"version {model.latest_version}",
        "task": model.task,
        "owner": model.owner,
        "created": _made(model.created_at, model.created_by),
        "updated": _time(model.updated_at),
        "origin": _origin(model.origin),
        "tags": _tags(model.tags),
    }
    title = _title("Model", model.name, _aliases_of(model))
    return title + _note(model.comment) + _facts(facts)


def _version(version: records.ModelVersion) -> str:
    marks = [_mark(alias, "alias") for alias in version.aliases]
    if version.stage != "none":
        marks.append(_mark(version.stage, "stage"))
    if version.status != "READY":
        marks.append(_mark(version.status, "bad"))
    framework = " ".join(filter(None, (version.flavor, version.framework_version)))
    facts = {
        "format": framework or None,
        "size": _size(version.size),
        "digest": _code(_short(version.digest)),
        "created": _made(version.created_at, version.created_by),
        "location": version.location,
        "run": version.run,
        "source": version.source,
        "code": None if version.code_commit is None else _code(version.code_commit[:12]),
        "origin": _origin(version.origin),
        "tags": _tags(version.tags),
    }
    parts = [
        _part("metrics", _pairs(version.metrics)),
        _part("params", _pairs(version.params)),
        *_signature(version.signature),
    ]
    title = _title("Version", f"{version.model} / {version.number}", marks)
    held = "".join(filter(None, parts))
    columns = f'<div class="parts">{held}</div>' if held else ""
    return title + _note(version.comment) + _facts(facts) + columns


def _commit(commit: records.Commit) -> str:
    facts = {
        "time": _time(commit.time),
        "by": commit.actor if commit.actor_name is None else commit.actor_name,
        "proof": commit.proof,
        "leaf": _code(commit.leaf_hash[:16] + "…"),
    }
    return _title("Commit", str(commit.commit)) + _note(commit.summary) + _facts(facts)


def _artifact(artifact: records.Artifact) -> str:
    files = f"{len(artifact.files):,} file{'' if len(artifact.files) == 1 else 's'}"
    facts = {"digest": _code(artifact.digest), "size": f"{_size(artifact.size)} in {files}"}
    rows = ((file.path, _right(_size(file.size)), _code(file.sha256[:16] + "…"))
            for file in artifact.files)  # fmt: skip
    return (
        _title("Artifact", "")
        + _facts(facts)
        + _table(("file", _right("size"), "sha256"), rows, len(artifact.files))
    )


def _report(report: records.CheckReport) -> str:
    well = not report.findings
    count = len(report.findings)
    said = "all is as it was recorded" if well else f"{count:,} finding{'' if count == 1 else 's'}"
    facts = {
        "commits": f"{report.commits:,}",
        "rows": f"{report.rows:,}",
        "artifacts": f"{report.artifacts:,}",
    }
    rows = ((_mark(each.code, "bad"), _code(each.subject), each.message, each.remedy)
            for each in report.findings)  # fmt: skip
    columns = ("finding", "where", "what", "what to do")
    found = "" if well else _table(columns, rows, len(report.findings))
    return _title("Check", "", [_mark(said, "good" if well else "bad")]) + _facts(facts) + found


def _explanation(explanation: records.Explanation) -> str:
    allowed = _mark("allowed", "good") if explanation.allowed else _mark("denied", "bad")
    missing = explanation.missing
    facts = {
        "on": _code(explanation.on),
        "principal": explanation.principal,
        "missing": None if missing is None else f"{missing.privilege} on {missing.on}",
        "granted by": None if missing is None else ", ".join(missing.givers),
    }
    rows = [
        (
            link.kind,
            _code(link.what),
            _code(link.on),
            " › ".join(link.through),
            link.condition or "",
        )
        for link in explanation.chain
    ]
    columns = ("rests on", "what", "on", "to", "where")
    chain = _table(columns, rows, len(rows)) if rows else ""
    title = _title("Explanation", explanation.privilege, [allowed])
    return title + _note(explanation.text) + _facts(facts) + chain


def _evaluation(evaluation: Evaluation) -> str:
    dataset = evaluation.dataset
    facts = {
        "dataset": None
        if dataset is None
        else " ".join(filter(None, (dataset.name, dataset.digest))),
        "rows": f"{evaluation.rows:,}",
        "task": evaluation.task,
        "data": _code(_short(evaluation.data_digest)),
        "recorded": _made(evaluation.recorded_at, evaluation.recorded_by),
        "library": evaluation.library,
    }
    overall = [value for value in evaluation.metrics if value.slice is None]
    rows = (
        (
            value.metric,
            _right("undefined" if value.value is None else f"{value.value:.4g}"),
            _bounds(value.lower, value.upper),
            value.undefined or value.no_interval or value.method or "",
        )
        for value in overall
    )
    level = f"{evaluation.level * 100:g} % interval"
    table = _table(("metric", _right("value"), level, "by"), rows, len(overall))
    sliced = any(value.slice is not None for value in evaluation.metrics)
    wanted = [name for name in evaluation.pictures() if name != "slices" or sliced]
    pictures = "".join(evaluation.svg(name) for name in wanted)
    return _title("Evaluation", evaluation.version) + _facts(facts) + table + _pictures(pictures)


def _comparison(comparison: Comparison) -> str:
    good = {"better": "good", "equivalent": "good", "non_inferior": "good", "worse": "bad"}
    verdict = _mark(comparison.verdict.replace("_", "-"), good.get(comparison.verdict, ""))
    dataset = comparison.dataset
    facts = {
        "baseline": comparison.baseline,
        "dataset": None if dataset is None else dataset.name,
        "rows": f"{comparison.rows:,}",
        "metric": comparison.metric,
        "asked": comparison.alternative.replace("_", "-"),
        "margin": comparison.margin or None,
        "method": comparison.method,
        "recorded": _made(comparison.recorded_at, comparison.recorded_by),
    }
    title = _title("Comparison", comparison.candidate, [verdict])
    return title + _note(comparison.reason) + _facts(facts) + _pictures(comparison.svg())


def _bounds(lower: float | None, upper: float | None) -> str:
    return "" if lower is None or upper is None else f"{lower:.4g} to {upper:.4g}"


def _pictures(pictures: str) -> str:
    return f'<div class="pictures">{pictures}</div>' if pictures else ""


_RENDERERS: Mapping[type, Any] = {
    Evaluation: _evaluation,
    Comparison: _comparison,
    records.Catalog: _catalog,
    records.Schema: _catalog,
    records.Model: _model,
    records.ModelVersion: _version,
    records.Commit: _commit,
    records.Artifact: _artifact,
    records.CheckReport: _report,
    records.Explanation: _explanation,
    records.Backup: _backup,
    records.Restored: _restored,
}


# Lists.


def _list(pages: Page[Any] | Pages[Any]) -> str:
    try:
        items = list(islice(_first(pages), _MOST_ROWS + 1))
    except HalfbackError as error:
        return _note(error.message)
    kind = pages.record if items == [] else type(items[0])
    columns = next((named for cls, named in _COLUMNS.items() if _is(kind, cls)), None)
    if columns is None:
        return _table(("",), ((repr(item),) for item in items), len(items))
    more = len(items) > _MOST_ROWS or (isinstance(pages, Page) and pages.cursor is not None)
    held = {name: [cell(item) for item in items[:_MOST_ROWS]] for name, cell in columns.items()}
    told = {name: cells for name, cells in held.items() if any(cells) or not items}
    return _table(list(told), zip(*told.values(), strict=True), len(items), more=more)


def _first(pages: Page[Any] | Pages[Any]) -> Iterable[Any]:
    """No more records than are looked at, however long the pages of the list are."""
    return pages if isinstance(pages, Page) else pages.page(_MOST_ROWS + 1)


def _is(kind: type | None, cls: type) -> bool:
    return kind is not None and issubclass(kind, cls)


_COLUMNS: Mapping[type, Mapping[str, Any]] = {
    records.Model: {
        "model": lambda it: _strong(it.name),
        "latest": lambda it: "" if it.latest_version is None else _right(str(it.latest_version)),
        "aliases": lambda it: _marks(_aliases_of(it)),
        "task": lambda it: it.task or "",
        "tags": lambda it: _tags(it.tags) or "",
        "updated": lambda it: _time(it.updated_at),
    },
    records.ModelVersion: {
        "version": lambda it: Markup(
            f'<span class="pair">{escape(_clipped(it.model, 80))} / <b>{it.number}</b></span>'
        ),
        "aliases": lambda it: _marks(
            [_mark(alias, "alias") for alias in it.aliases]
            + ([] if it.stage == "none" else [_mark(it.stage, "stage")])
        ),
        "format": lambda it: it.flavor or "",
        "size": lambda it: _right(_size(it.size)),
        "metrics": lambda it: _few(it.metrics),
        "tags": lambda it: _tags(it.tags) or "",
        "created": lambda it: _time(it.created_at),
    },
    records.Commit: {
        "commit": lambda it: _right(f"{it.commit:,}"),
        "time": lambda it: _time(it.time),
        "by": lambda it: it.actor if it.actor_name is None else it.actor_name,
        "what": lambda it: _clipped(it.summary, 160),
    },
    records.Catalog: {
        "catalog": lambda it: _strong(it.name),
        "owner": lambda it: it.owner or "",
        "tags": lambda it: _tags(it.tags) or "",
        "updated": lambda it: _time(it.updated_at),
    },
    records.Schema: {
        "schema": lambda it: _strong(it.name),
        "owner": lambda it: it.owner or "",
        "tags": lambda it: _tags(it.tags) or "",
        "updated": lambda it: _time(it.updated_at),
    },
    records.Principal: {
        "principal": lambda it: _strong(it.name or ""),
        "id": lambda it: it.id or "",
        "kind": lambda it: it.kind,
        "proof": lambda it: it.proof,
        "groups": lambda it: ", ".join(it.groups),
        "members": lambda it: ", ".join(it.members),
    },
    records.GrantRecord: {
        "principal": lambda it: _strong(it.name or it.principal),
        "what": lambda it: _mark(it.what, "bad", "denied") if it.denied else _mark(it.what, ""),
        "on": lambda it: _code(it.on),
        "where": lambda it: it.condition or "",
        "granted by": lambda it: it.granted_by_name or it.granted_by,
        "since": lambda it: _time(it.since),
    },
    records.Role: {
        "role": lambda it: _strong(it.name),
        "includes": lambda it: ", ".join(it.includes),
        "separated from": lambda it: ", ".join(it.separated_from),
    },
    records.TokenRecord: {
        "token": lambda it: it.id,
        "principal": lambda it: _strong(it.name or it.principal),
        "privileges": lambda it: ", ".join(it.privileges),
        "on": lambda it: "" if it.on is None else _code(it.on),
        "expires": lambda it: "" if it.expires_at is None else _time(it.expires_at),
        "comment": lambda it: it.comment or "",
    },
    records.Holder: {
        "principal": lambda it: _strong(it.name or it.principal),
        "kind": lambda it: it.kind,
        "why": lambda it: it.text,
    },
    records.Held: {
        "on": lambda it: _code(it.on),
        "privileges": lambda it: ", ".join(it.privileges),
        "where": lambda it: "; ".join(it.conditions),
    },
}


# Parts of a picture.


def _signature(signature: Mapping[str, Any] | None) -> list[str]:
    parts = []
    for side in ("inputs", "outputs", "params"):
        specs = (signature or {}).get(side)
        if not isinstance(specs, (list, tuple)):
            continue
        fields = {}
        for place, spec in enumerate(specs):
            if isinstance(spec, Mapping):
                fields[str(spec.get("name", place if len(specs) > 1 else ""))] = _type(spec)
        parts.append(_part("signature params" if side == "params" else side, _pairs(fields)))
    return parts


def _type(spec: Mapping[str, Any], depth: int = 0) -> str:
    kind = str(spec.get("type", ""))
    tensor, items = spec.get("tensor-spec"), spec.get("items")
    if isinstance(tensor, Mapping):
        shape = ", ".join(map(str, tensor.get("shape", ())))
        return f"{tensor.get('dtype')} ({shape})"
    if isinstance(items, Mapping) and depth < 8:
        kind = f"list of {_type(items, depth + 1)}"
    return kind if spec.get("required", True) else f"{kind}, optional"


def _framed(inside: str) -> str:
    return f'<div class="halfback"><style>{_STYLE}</style>{inside}</div>'


def _title(kind: str, name: str, marks: Sequence[Markup] = ()) -> str:
    named = f"<b>{escape(_clipped(name))}</b>" if name else ""
    return f'<div class="head"><span class="kind">{kind}</span>{named}{"".join(marks)}</div>'


def _note(text: str | None) -> str:
    return f'<div class="note">{escape(_clipped(text))}</div>' if text else ""


def _facts(facts: Mapping[str, object]) -> str:
    held = "".join(
        f"<div><dt>{name}</dt><dd>{_safe(value)}</dd></div>"
        for name, value in facts.items()
        if value not in (None, "")
    )
    return f"<dl>{held}</dl>" if held else ""


def _part(name: str, rows: Markup | None) -> str:
    return "" if rows is None else f"<div><h4>{name}</h4>{rows}</div>"


def _pairs(values: Mapping[str, Any]) -> Markup | None:
    if not values:
        return None
    rows = ((key, _right(_said(value))) for key, value in values.items())
    return Markup(_table((), rows, len(values)))


def _table(
    names: Sequence[str], rows: Iterable[Sequence[Any]], count: int, *, more: bool = False
) -> str:
    if count == 0 and not more:
        return _note("nothing here")
    head = "".join(f"<th>{_safe(name)}</th>" for name in names)
    body = "".join(
        f"<tr>{''.join(f'<td>{_safe(cell)}</td>' for cell in row)}</tr>"
        for row in islice(rows, _MOST_ROWS)
    )
    rest = count - _MOST_ROWS
    said = "… and more" if more else f"… and {rest:,} more"
    foot = f'<div class="more">{said}</div>' if more or rest > 0 else ""
    top = f"<thead><tr>{head}</tr></thead>" if names else ""
    return f'<div class="wide"><table>{top}<tbody>{body}</tbody></table></div>{foot}'


def _aliases_of(model: records.Model) -> list[Markup]:
    return [
        _mark(alias, "alias", str(number), alias in model.protected_aliases)
        for alias, number in sorted(model.aliases.items())
    ]


def _mark(text: str, kind: str, more: str = "", protected: bool = False) -> Markup:
    number = f"<i>{escape(more)}</i>" if more else ""
    ring = " ring" if protected else ""
    title = ' title="protected"' if protected else ""
    said = escape(_clipped(text, 80))
    return Markup(f'<span class="mark {kind}{ring}"{title}>{said}{number}</span>')


def _marks(marks: Sequence[Markup]) -> Markup:
    rest = len(marks) - _MOST_MARKS
    more = f'<span class="soft">… and {rest:,} more</span>' if rest > 0 else ""
    return Markup("".join(marks[:_MOST_MARKS]) + more)


def _tags(tags: Mapping[str, str]) -> Markup | None:
    marks = [
        Markup(
            f'<span class="mark tag"><span class="soft">{escape(_clipped(key, 60))}</span> '
            f"{escape(_clipped(value, 60))}</span>"
        )
        for key, value in sorted(tags.items())
    ]
    return _marks(marks) if marks else None


def _few(values: Mapping[str, float]) -> Markup:
    shown = [
        f'<span class="pair"><span class="soft">{escape(_clipped(key, 40))}</span> '
        f"{_said(value)}</span>"
        for key, value in islice(values.items(), 3)
    ]
    return Markup(" ".join(shown) + (" …" if len(values) > 3 else ""))


def _origin(origin: records.Origin | None) -> str | None:
    return None if origin is None else f"{origin.system} {origin.uri or origin.reference}"


def _made(time: datetime, by: str | None) -> Markup:
    return Markup(_time(time) + ("" if by is None else f" by {escape(_clipped(by))}"))


def _time(time: datetime) -> Markup:
    return Markup(f'<time title="{time.isoformat()}">{time:%Y-%m-%d %H:%M}</time>')


def _said(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _code(text: str) -> Markup:
    return Markup(f"<code>{escape(_clipped(text))}</code>")


def _strong(text: str) -> Markup:
    return Markup(f"<b>{escape(_clipped(text))}</b>")


def _right(text: str) -> Markup:
    return Markup(f'<span class="right">{escape(_clipped(text))}</span>')


def _clipped(text: str, most: int = _MOST_TEXT) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _safe(value: object) -> str:
    return value if isinstance(value, Markup) else escape(_clipped(str(value)))


_STYLE = """
.halfback{--ink:#1f2328;--soft:#656d76;--line:#d8dee4;--back:#fff;--wash:#f6f8fa;--blue:#0550ae;
--blue-wash:#ddf4ff;--green:#116329;--green-wash:#dafbe1;--red:#a40e26;--red-wash:#ffebe9;
--amber:#7d4e00;--amber-wash:#fff8c5;--orange:#b84f00;--purple:#a8487f;--ochre:#9a6a00;
color:var(--ink);background:var(--back);
border:1px solid var(--line);border-radius:8px;padding:10px 14px;margin:2px 0;max-width:1100px;
width:fit-content;min-width:min(340px,100%);box-sizing:border-box;
font:13px/1.45 system-ui,-apple-system,"Segoe UI",sans-serif;text-align:left}
@media (prefers-color-scheme:dark){.halfback{--ink:#e6edf3;--soft:#8d96a0;--line:#30363d;
--back:#161b22;--wash:#1f262e;--blue:#79c0ff;--blue-wash:#10294a;--green:#7ee787;
--green-wash:#12301d;--red:#ffa198;--red-wash:#43171a;--amber:#e3b341;--amber-wash:#352a0e;
--orange:#f0894a;--purple:#e39bc6;--ochre:#e6b035}}
[data-jp-theme-light="true"] .halfback,.vscode-light .halfback,[theme="light"] .halfback{
--ink:#1f2328;--soft:#656d76;--line:#d8dee4;--back:#fff;--wash:#f6f8fa;--blue:#0550ae;
--blue-wash:#ddf4ff;--green:#116329;--green-wash:#dafbe1;--red:#a40e26;--red-wash:#ffebe9;
--amber:#7d4e00;--amber-wash:#fff8c5;--orange:#b84f00;--purple:#a8487f;--ochre:#9a6a00}
[data-jp-theme-light="false"] .halfback,.vscode-dark .halfback,[theme="dark"] .halfback{
--ink:#e6edf3;--soft:#8d96a0;--line:#30363d;--back:#161b22;--wash:#1f262e;--blue:#79c0ff;
--blue-wash:#10294a;--green:#7ee787;--green-wash:#12301d;--red:#ffa198;--red-wash:#43171a;
--amber:#e3b341;--amber-wash:#352a0e;--orange:#f0894a;--purple:#e39bc6;--ochre:#e6b035}
.halfback .head{display:flex;flex-wrap:wrap;align-items:baseline;gap:6px;font-size:15px}
.halfback .kind{color:var(--soft);font-size:13px}
.halfback .head b{overflow-wrap:anywhere}
.halfback .note{margin-top:4px;color:var(--ink);white-space:pre-line;overflow-wrap:anywhere}
.halfback dl{display:flex;flex-wrap:wrap;gap:6px 22px;margin:8px 0 0;padding:0}
.halfback dl>div{display:block;max-width:100%}
.halfback dt{color:var(--soft);font-size:11px;font-weight:400;margin:0;padding:0}
.halfback dd{margin:0;padding:0;overflow-wrap:anywhere}
.halfback .wide{overflow:auto;margin-top:8px;max-height:440px}
.halfback table{border-collapse:collapse;border:0;margin:0;font-size:13px;color:inherit;
background:none;table-layout:auto}
.halfback tr,.halfback tbody tr:nth-child(odd),.halfback tbody tr:nth-child(even){background:none}
.halfback tbody tr:hover{background:var(--wash)}
.halfback th{color:var(--soft);font-weight:400;font-size:11px;text-align:left;border:0;
border-bottom:1px solid var(--line);padding:2px 18px 3px 0;background:var(--back);
white-space:nowrap;position:sticky;
top:0}
.halfback td{border:0;border-bottom:1px solid var(--line);padding:4px 18px 4px 0;text-align:left;
vertical-align:top;color:inherit;overflow-wrap:break-word;max-width:420px;white-space:normal}
.halfback tbody tr:last-child td{border-bottom:0}
.halfback .right{display:block;text-align:right;font-variant-numeric:tabular-nums;
white-space:nowrap}
.halfback .parts .right{white-space:normal}
.halfback th .right{text-align:right}
.halfback time{white-space:nowrap;font-variant-numeric:tabular-nums}
.halfback code{font:12px ui-monospace,SFMono-Regular,Menlo,monospace;background:none;padding:0;
color:inherit}
.halfback .mark{display:inline-block;border-radius:10px;padding:0 8px;margin:0 4px 2px 0;
font-size:12px;line-height:18px;background:var(--wash);color:var(--ink);max-width:300px;
overflow-wrap:break-word;box-sizing:border-box}
.halfback .ring{box-shadow:inset 0 0 0 1px currentColor}
.halfback .pair{white-space:nowrap;margin-right:10px}
.halfback td .pair:last-child{margin-right:0}
.halfback .mark i{font-style:normal;opacity:.75;margin-left:5px;
font-variant-numeric:tabular-nums}
.halfback .alias{background:var(--blue-wash);color:var(--blue)}
.halfback .good{background:var(--green-wash);color:var(--green)}
.halfback .bad{background:var(--red-wash);color:var(--red)}
.halfback .stage{background:var(--amber-wash);color:var(--amber)}
.halfback .soft,.halfback .more{color:var(--soft)}
.halfback .more{margin-top:4px}
.halfback .parts{display:flex;flex-wrap:wrap;gap:4px 32px;margin-top:8px}
.halfback h4{margin:6px 0 0;padding:0;font-size:11px;font-weight:400;color:var(--soft)}
.halfback .parts .wide{margin-top:0;max-height:250px}
.halfback .pictures{display:flex;flex-wrap:wrap;gap:8px 16px;margin-top:8px}
.halfback .hb-p{color:var(--ink);max-width:100%;height:auto}
.halfback .hb-p .a{color:var(--blue)}
.halfback .hb-p .b{color:var(--orange)}
.halfback .hb-p .g{color:var(--green)}
.halfback .hb-p .n{color:var(--soft)}
.halfback .hb-p .p{color:var(--purple)}
.halfback .hb-p .o{color:var(--ochre)}
.halfback .hb-p .k{fill:var(--back)}
.halfback .move{display:flex;flex-wrap:wrap;align-items:center;gap:12px;
font-variant-numeric:tabular-nums}
.halfback .bar{display:inline-block;width:200px;height:8px;border-radius:4px;background:var(--wash);
overflow:hidden;border:1px solid var(--line)}
.halfback .bar>span{display:block;height:100%;background:var(--blue)}
""".replace("\n", "")
