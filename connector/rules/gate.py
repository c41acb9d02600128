"""The gate: the one function that every effect passes before it may happen, with a plain reason for each no.

Two kinds of effect: writing a property (must exist and be writable) and mailing, which is what an enrolment leads to
(must be allowed by the person). The most restrictive side wins, and what was not read counts as a no. Observe mode and
the blast radius are not judged per effect but where effects are carried out.
"""

from __future__ import annotations

from collections.abc import Iterator

from connector.model.judgement import Decision, Enrol, Facts, Hold, MoveStage, SetProperty
from connector.model.plan import PortalView
from connector.rules.compiled import Documents
from connector.rules.documents.workflows import MessageClass
from connector.rules.opt_in import STATUS, double_opt_in, missing_step

PREFIX = "leadwright_"
MAILING = frozenset({"enrol", "join"})  # leaving needs nobody's consent
Refusal = tuple[str, str, str]


def gate(effect: Decision, facts: Facts, documents: Documents, portal: PortalView) -> Hold | None:
    """None when the effect may happen; otherwise the hold with the gate's name, why, and what would change it."""
    refusal: Refusal | None = None
    if isinstance(effect, SetProperty):
        refusal = may_write(effect.property, portal)
    elif isinstance(effect, MoveStage):
        refusal = may_write("lifecyclestage", portal) or _stage_exists(effect, portal) or _backward(effect, documents)
    elif isinstance(effect, Enrol) and effect.act in MAILING:
        refusal = next(_against_mailing(effect, facts, documents, portal), None)
    return Hold(effect.contact_id, effect_name(effect), *refusal) if refusal else None


def against_any_mail(facts: Facts, documents: Documents) -> tuple[Refusal, ...]:
    """What keeps a contact from being mailed at all, whichever workflow it is; nothing: it may be mailed."""
    return (*_against_address(facts), *_against_consent(facts, documents))


def effect_name(effect: Decision) -> str:
    """How a hold names an effect."""
    if isinstance(effect, SetProperty):
        return f"set:{effect.property}"
    if isinstance(effect, MoveStage):
        return f"stage:{effect.to_stage}"
    return f"{effect.act}:{effect.workflow}" if isinstance(effect, Enrol) else effect.effect


def may_write(name: str, portal: PortalView) -> Refusal | None:
    if name.startswith(PREFIX) and not portal.has_provisioned:
        return "provisioned", "The portal lacks Leadwright's properties", "Run: leadwright portal provision"
    if name not in portal.writable:
        return "writable", f"The portal has no writable property {name}", "Run: leadwright portal check"
    return None


def _stage_exists(effect: MoveStage, portal: PortalView) -> Refusal | None:
    if not effect.to_value or all(value != effect.to_value for value, _, _ in portal.lifecycle_options):
        return "stage", f'The portal has no lifecycle stage "{effect.to_value}"', "Name it under portal_values"
    return None


def _backward(effect: MoveStage, documents: Documents) -> Refusal | None:
    """HubSpot would keep its value in silence; we say no beforehand, unless the document allows clear and set."""
    if effect.backward and not documents.lifecycle.allow_backward:
        why = f"{effect.to_stage} comes before {effect.from_stage} in the portal, and stages only move forward"
        return "backward", why, "Allow it with `allow_backward: true` in the lifecycle document"
    return None


def _against_mailing(effect: Enrol, facts: Facts, documents: Documents, portal: PortalView) -> Iterator[Refusal]:
    if effect.act == "enrol":
        yield from _against_workflow(effect, portal)
    yield from _against_person(effect, facts, documents)


def may_mail(effect: Enrol, facts: Facts, documents: Documents) -> Refusal | None:
    """What speaks against mailing that person at all, whichever way the workflow is entered."""
    return next(_against_person(effect, facts, documents), None)


def _against_person(effect: Enrol, facts: Facts, documents: Documents) -> Iterator[Refusal]:
    if not effect.email:
        yield "email", "The contact has no e-mail address", "Find out: e-mail"
    yield from _against_address(facts)
    yield from _against_consent(facts, documents)
    yield from _against_basis(effect, facts, documents)
    yield from _against_class(effect, facts, documents)


def _against_workflow(effect: Enrol, portal: PortalView) -> Iterator[Refusal]:
    if not effect.workflow_id:
        yield "workflow", "No workflow named yet", "Name the workflow_id in the workflows document"
    elif effect.workflow_id not in portal.workflows:
        yield "workflow", f"The portal has no workflow {effect.workflow_id}", "Name another workflow_id"
    elif not portal.workflows[effect.workflow_id][1]:
        yield "workflow", "The workflow is switched off in the portal", "Switch it on in HubSpot"


def _against_address(facts: Facts) -> Iterator[Refusal]:
    said = facts.properties.get
    # HubSpot docs: default contact properties, e-mail information; all of these are HubSpot's own findings.
    if _yes(said("hs_email_bad_address")):
        yield "bad_address", "HubSpot says the address cannot be mailed", "Another address"
    if said("hs_email_hard_bounce_reason_enum"):
        yield "hard_bounce", f"Mail bounced for good ({said('hs_email_hard_bounce_reason_enum')})", "Another address"
    if _yes(said("hs_email_quarantined")):
        yield "quarantined", "HubSpot has quarantined the address", "HubSpot lifts it, or another address"


def _against_consent(facts: Facts, documents: Documents) -> Iterator[Refusal]:
    said = facts.properties.get
    consent = documents.consent
    if "hs_email_optout" not in facts.properties:
        yield "consent_unread", "Whether the contact opted out was not read", "Sync hs_email_optout"
    if _yes(said("hs_email_optout")):
        yield "opted_out", "The contact opted out of all e-mail", "Only the contact itself can change that"
    if consent.marketable_only and said("hs_marketable_status") == "false":
        yield "not_marketable", "Not a marketing contact in HubSpot", "Make it a marketing contact in HubSpot"
    asked = {"ignored": False, "when_used": bool(said(STATUS)), "required": True}[consent.double_opt_in]
    if asked and (opt_in := double_opt_in(facts, consent)).step != "confirmed":
        yield "double_opt_in", *missing_step(opt_in)
    if consent.legal_basis_required and said("hs_legal_basis") in (None, "", "Not applicable"):
        yield "legal_basis", "No legal basis is on record", "Record one in HubSpot"


def _against_basis(effect: Enrol, facts: Facts, documents: Documents) -> Iterator[Refusal]:
    kind = _class_of(effect, documents)
    allowed = documents.consent.legal_basis.get(kind, ())
    bases = {part.strip() for part in (facts.properties.get("hs_legal_basis") or "").split(";") if part.strip()}
    if allowed and not bases & {*allowed}:
        why = f"The legal basis on record does not allow {kind} mails ({'; '.join(sorted(bases)) or 'none'})"
        yield "legal_basis", why, f"One of: {', '.join(allowed)}"


def _class_of(effect: Enrol, documents: Documents) -> MessageClass:
    classes: dict[str, MessageClass] = {one.name: one.message_class for one in documents.workflows.workflows}
    return classes.get(effect.workflow, "nurture")


def _against_class(effect: Enrol, facts: Facts, documents: Documents) -> Iterator[Refusal]:
    kind = _class_of(effect, documents)
    for subscription in documents.consent.subscriptions.get(kind, ()):
        if _yes(facts.properties.get(f"hs_email_optout_{subscription}")):
            why = f"The contact left the subscription {subscription}, which {kind} mails belong to"
            yield "unsubscribed", why, "Only the contact itself can change that"


def _yes(value: str | None) -> bool:
    return value is not None and value.strip().casefold() == "true"
