"""What options and files say of a notice, as the bodies that the desk door takes."""

import difflib
from collections.abc import Mapping
from typing import Any, Final, TypeVar, get_args

import msgspec
from msgspec.structs import replace

from skyparley.cli.choices import choose
from skyparley.cli.edits import Edit, apply_edit, read_edit
from skyparley.cli.endings import unusable
from skyparley.cli.forms import BadForm, time_text
from skyparley.cli.shape_forms import read_shape
from skyparley.cli.surroundings import read_text
from skyparley.cli.volume_forms import (
    NoticeForm,
    TermForm,
    TermsForm,
    VolumeForm,
    from_form,
    level_text,
    read_volume,
    to_form,
    volume_of,
)
from skyparley.domain.messages.codes import NOTICE_KINDS, ReasonCode
from skyparley.domain.messages.slots import DueRegard, VolumeSlot
from skyparley.state.views import NoticeView

T = TypeVar("T")
Body = dict[str, Any]

_MEMBERS: Final = tuple(
    field.name for form in (NoticeForm, VolumeForm, TermForm, TermsForm) for field in msgspec.structs.fields(form)
)


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """What the options say; "" and () are what was not said.  `shapes`: (kind, text).  `defaults`: lower to end."""

    kind: str = ""
    shapes: tuple[tuple[str, str], ...] = ()
    volumes: tuple[str, ...] = ()
    defaults: Mapping[str, str] = {}
    edits: tuple[str, ...] = ()
    file: str = ""
    audience: tuple[str, ...] = ()
    key: tuple[str, ...] = ()
    no_due_regard: str = ""
    due_regard: bool = False


def says_from_now(said: Said, form: NoticeForm) -> bool:
    """Whether a time is said from now, so that the node's clock is needed."""
    inside = [text for volume in form.volumes for text in (volume.start, volume.end)]
    return any("+" in text for text in (*said.volumes, *said.defaults.values(), *inside))


def body_of(said: Said, form: NoticeForm, *, now_ms: int | None) -> Body:
    """The body of FileNotice from options and file.  Raises BadForm."""
    kind = said.kind or form.kind
    if not kind:
        raise BadForm(f"what kind of notice? Add --kind: {', '.join(NOTICE_KINDS)}")
    kind = choose(kind, NOTICE_KINDS, what="kind of notice")
    volumes = _volumes(said, form, said.defaults, now_ms)
    if not volumes:
        raise BadForm(
            "a notice has an area: add --circle, --polygon, --corridor, --orbit, --line, --arc, --volume or --file"
        )
    return {
        "kind": kind,
        "volumes": volumes,
        "due_regard": regard_of(said) or form.due_regard or DueRegard(stated=True),
        "audience": said.audience or form.audience,
        "key": said.key or form.key,
        **({"id": form.id.upper()} if form.id else {}),
    }


def change_of(
    said: Said, form: NoticeForm, notice: NoticeView, *, now_ms: int
) -> tuple[tuple[VolumeSlot, ...] | None, Body]:
    """The new volumes, None where they stay, and the body of ChangeNotice without the version.  Raises BadForm."""
    if form.id and form.id.upper() != notice.id:
        raise BadForm(f"{said.file} is about {form.id}, not {notice.id}")
    volumes: tuple[VolumeSlot, ...] | None = _volumes(said, form, _inherited(said, notice), now_ms) or None
    if volumes is not None and said.edits:
        raise BadForm("--edit changes the volumes as they are; with new areas, say their levels and times instead")
    if volumes is None:
        volumes = _adjusted(said, notice, now_ms)
    kind = said.kind or form.kind
    body: Body = {
        "kind": choose(kind, NOTICE_KINDS, what="kind of notice") if kind else None,
        "volumes": volumes,
        "due_regard": regard_of(said) or form.due_regard,
        "audience": said.audience or form.audience or None,
        "key": said.key or form.key,
    }
    if not any(body[name] for name in body):
        raise BadForm("nothing is to be changed; say what, for example --upper FL230 or --edit '#1 end=09:30Z'")
    return volumes, body


def file_of(notice: NoticeView) -> NoticeForm:
    """A notice as a file, to be edited and filed, or used for a change."""
    return NoticeForm(
        kind=notice.kind,
        volumes=tuple(map(to_form, notice.volumes)),
        due_regard=notice.due_regard,
        audience=tuple(one.peer for one in notice.audience),
        id=notice.id if notice.own else "",
    )


def terms_from_file(source: str, *, now_ms: int) -> list[Body]:
    """The `changes` of a proposal from a file.  Raises BadForm, or ends the command."""
    form = _decode(source, TermsForm)
    return [
        {
            "party": term.party.upper() if len(term.party) <= 16 else term.party,
            "id": term.id.upper(),
            "volumes": [from_form(volume, place, now_ms=now_ms) for place, volume in enumerate(term.volumes, 1)],
        }
        for term in form.changes
    ]


def file_form(said: Said, *, plans_hint: bool = False) -> NoticeForm:
    """What the file says, if there is one; an empty form else.  Raises BadForm, or ends the command.

    `plans_hint`: a file that is no notice at all may be one of plans, which the command takes without --file.
    """
    if not said.file:
        return NoticeForm()
    if said.shapes or said.volumes or said.edits or any(said.defaults.values()):
        raise unusable("areas, levels and times come from the file or from options, not from both")
    text = read_text(said.file, what="JSON as docs/guide/desk.md describes it")
    try:
        return _decoded(said.file, text, NoticeForm)
    except BadForm as error:
        if not plans_hint or _means_a_notice(text):
            raise
        hint = f"It is no notice as JSON; if it holds plans, leave out --file: skyparley notice file {said.file}"
        raise BadForm(f"{error}. {hint}") from None


def _means_a_notice(text: str) -> bool:
    """Whether JSON, though it cannot be used, has a member that of all formats only a notice has."""
    try:
        found = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return False
    return isinstance(found, dict) and any(name in found for name in ("kind", "due_regard", "audience"))


def decoded_form(source: str, data: bytes | str) -> NoticeForm:
    """One notice in human forms, from the bytes of a file.  Raises BadForm."""
    return _decoded(source, data, NoticeForm)


def _decode(source: str, kind: type[T]) -> T:
    return _decoded(source, read_text(source, what="JSON as docs/guide/desk.md describes it"), kind)


def _decoded(source: str, text: bytes | str, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(text, type=kind)
    except msgspec.DecodeError as error:
        raise BadForm(f"{source}: {_explained(str(error))}") from None
    except RecursionError:
        raise BadForm(f"{source}: it nests too deep") from None


def _explained(text: str) -> str:
    """A decoding error, with the member that may have been meant."""
    _, mark, rest = text.partition("unknown field `")
    near = difflib.get_close_matches(rest.partition("`")[0], _MEMBERS, n=1) if mark else []
    return f"{text}; perhaps {near[0]} is meant" if near else text


def _volumes(said: Said, form: NoticeForm, defaults: Mapping[str, str], now_ms: int | None) -> tuple[VolumeSlot, ...]:
    """All volumes that are said: from the file, or from options, those with their own levels and times last."""
    return (
        *(from_form(one, place, now_ms=now_ms) for place, one in enumerate(form.volumes, 1)),
        *(volume_of(read_shape(kind, text), defaults, now_ms=now_ms) for kind, text in said.shapes),
        *(read_volume(text, defaults, now_ms=now_ms) for text in said.volumes),
    )


def _inherited(said: Said, notice: NoticeView) -> dict[str, str]:
    """Levels and times for new areas: what is said, else what all volumes of the notice share."""
    texts = {
        "lower": {level_text(volume.lower) for volume in notice.volumes},
        "upper": {level_text(volume.upper) for volume in notice.volumes},
        "start": {time_text(volume.start) for volume in notice.volumes},
        "end": {time_text(volume.end) for volume in notice.volumes},
    }
    shared = {key: next(iter(found)) for key, found in texts.items() if len(found) == 1}
    return {**shared, **{key: value for key, value in said.defaults.items() if value}}


def _adjusted(said: Said, notice: NoticeView, now_ms: int) -> tuple[VolumeSlot, ...] | None:
    """The volumes as they are, with levels and times of all of them, then of single ones, changed."""
    settings = tuple((key, value) for key, value in said.defaults.items() if value)
    edits = [Edit("", notice.id, 0, settings)] if settings else []
    for text in said.edits:
        edit = read_edit(text)
        if edit.id not in ("", notice.id):
            raise BadForm(f"{text!r} is about {edit.id}; this is {notice.id}")
        edits.append(replace(edit, id=notice.id))
    if not edits:
        return None
    volumes = notice.volumes
    for edit in edits:
        volumes = apply_edit(edit, volumes, now_ms=now_ms)
    return volumes


def regard_of(said: Said) -> DueRegard | None:
    """Due regard as the options say it; None where they do not."""
    if said.no_due_regard and said.due_regard:
        raise BadForm("--due-regard and --no-due-regard: one of them")
    if said.no_due_regard:
        reason = choose(said.no_due_regard, get_args(ReasonCode), what="reason")
        return msgspec.convert({"stated": False, "reason": reason}, DueRegard)
    return DueRegard(stated=True) if said.due_regard else None
