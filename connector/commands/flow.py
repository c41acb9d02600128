"""The flows: ``sync``, ``plan``, ``apply``, ``cycle``, ``verify`` and ``undo``."""

from __future__ import annotations

import click

from connector.commands.app import IN_PART, App, examples, standard
from connector.commands.contract import LeadService

STREAMS = ("contacts", "companies", "deals", "engagement", "owners")
YES = click.option("--yes", is_flag=True, help="Do not ask.")


def _streams(ctx: click.Context, param: click.Parameter, value: str | None) -> tuple[str, ...]:
    """``contacts,owners`` as a tuple; an unknown word is a usage error that lists the known ones."""
    asked = tuple(word.strip() for word in (value or "").split(",") if word.strip())
    strange = [word for word in asked if word not in STREAMS]
    if strange:
        raise click.BadParameter(f"{', '.join(strange)} is none of {', '.join(STREAMS)}.", ctx, param)
    return asked


@click.command("sync", epilog=examples("leadwright sync acme", "leadwright sync acme --only contacts,engagement"))
@click.argument("name")
@click.option("--full", is_flag=True, help="Read everything again, not from the cursors.")
@click.option("--only", callback=_streams, metavar="STREAMS", help=f"Some of {','.join(STREAMS)}.")
@click.option(
    "--properties", type=click.Choice(["used", "all"]), default="used", show_default=True, help="Which to mirror."
)
@standard
def sync(app: App, name: str, full: bool, only: tuple[str, ...], properties: str) -> int:
    """Pull what changed in the portal into the mirror, from where the last pull ended."""
    with app.service() as service:
        result = service.sync(name, full=full, only=only, properties=properties)
    return app.show(result, "flows:synced")


@click.command("plan", epilog=examples("leadwright plan acme", "leadwright plan acme --json > plan.json"))
@click.argument("name")
@standard
def plan(app: App, name: str) -> int:
    """Judge what changed and show what would be written, held and enrolled. Writes nothing."""
    with app.service() as service:
        result = service.plan(name)
    return app.show(result, "plans:planned")


@click.command("apply", epilog=examples("leadwright apply acme --hash 3f9c…", "leadwright apply acme --yes"))
@click.argument("name")
@click.option("--hash", "plan_hash", metavar="H", help="Refuse unless this is still the plan.")
@YES
@standard
def apply(app: App, name: str, plan_hash: str | None, yes: bool) -> int:
    """Carry the plan out. Without --hash the plan is shown first and asks for a yes."""
    if not plan_hash:
        app.require_yes(f"Applying a plan of {name} that nobody named by its hash", yes)
    with app.service() as service:
        if not plan_hash and not yes:
            plan_hash = _agreed(app, service, name)
        result = service.apply(name, plan_hash=plan_hash)
    return app.show(result, "flows:applied")


def _agreed(app: App, service: LeadService, name: str) -> str:
    """The hash of the plan that was just shown and said yes to."""
    planned = service.plan(name)
    if not app.as_json and not app.quiet:
        app.view("plans:planned", planned)
    app.confirm(f"Write {len(planned['changes']):,} contacts of {name} ({planned['calls']:,} calls)?", yes=False)
    return str(planned["hash"])


@click.command("cycle", epilog=examples("leadwright cycle acme --quiet"))
@click.argument("name")
@standard
def cycle(app: App, name: str) -> int:
    """sync, plan and apply in one. In observe mode it stops before apply."""
    with app.service() as service:
        result = service.cycle(name)
    return app.show(result, "flows:cycled")


@click.command("verify", epilog=examples("leadwright verify acme", "leadwright verify acme --sample 1000"))
@click.argument("name")
@click.option("--sample", type=click.IntRange(0), default=200, show_default=True, help="Contacts to compare by field.")
@standard
def verify(app: App, name: str, sample: int) -> int:
    """Hold the mirror against the portal, mend what differs, print the certificate."""
    with app.service() as service:
        result = service.verify(name, sample=sample)
    return app.show(result, "proof:certificate", None if result["complete"] else IN_PART)


@click.command("undo", epilog=examples("leadwright undo acme 01JD3K…", "leadwright undo acme 01JD3K… --release"))
@click.argument("name")
@click.argument("run")
@click.option("--contact", metavar="C", help="Only this contact (id or e-mail).")
@click.option("--release", is_flag=True, help="Allow what was taken back to be written again; sends nothing.")
@YES
@standard
def undo(app: App, name: str, run: str, contact: str | None, release: bool, yes: bool) -> int:
    """Take back what RUN wrote, where the portal still holds what we wrote. It is not written again by itself."""
    if release:
        with app.service() as service:
            return app.show(service.release(name, run, contact), "flows:released")
    app.require_yes(f"Undoing run {run} of {name}", yes)
    scope = "one contact" if contact else "all its contacts"
    app.confirm(f"Write the values from before run {run} back to {name}, for {scope}?", yes)
    with app.service() as service:
        result = service.undo(name, run, contact)
    return app.show(result, "flows:undone")
