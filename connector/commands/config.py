"""``config``: the documents that hold a portal's rules, as YAML files or as the published versions in the database."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import get_args

import click

from connector.commands import sheets
from connector.commands.app import DONE, App, examples, standard
from connector.commands.contract import Side

WRONG_CONFIGURATION = 2
KINDS = ("mapping", "activities", "scoring", "lifecycle", "routing", "workflows", "consent", "schedule", "goals")
AUTHOR = click.option("--author", default=getpass.getuser, show_default="you", help="Who, for the history.")
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group("config", epilog=examples("leadwright config validate scoring.yaml"))
def config() -> None:
    """The documents with a portal's rules: check, publish, go back."""


config.add_command(sheets.export)
config.add_command(sheets.import_)


@config.command(
    "validate",
    short_help="Check YAML files; shows every fault at once.",
    epilog=examples("leadwright config validate scoring.yaml lifecycle.yaml"),
)
@click.argument("files", type=FILE, nargs=-1, required=True)
@standard
def validate(app: App, files: tuple[Path, ...]) -> int:
    """Check YAML files; every fault is shown with file, line and remedy. Exit code 2 when there is one."""
    result = app.parts().config_validate(files)
    return app.show(result, "papers:validated", DONE if result["ok"] else WRONG_CONFIGURATION)


@config.command(
    "lint",
    short_help="What is unwise about the published documents.",
    epilog=examples("leadwright config lint acme"),
)
@click.argument("name")
@standard
def lint(app: App, name: str) -> int:
    """What is sound but unwise in the published documents: thresholds out of reach, loops, rules that never fire.

    It also answers what every model should be asked, such as whether ten blog posts alone make an MQL. Advice changes
    nothing, so the exit code is 0 whatever is found.
    """
    with app.service() as service:
        return app.show(service.config_lint(name), "papers:linted")


@config.command(
    "show",
    short_help="Print the published document as YAML.",
    epilog=examples("leadwright config show acme scoring > scoring.yaml"),
)
@click.argument("name")
@click.argument("kind", type=click.Choice(KINDS))
@standard
def show(app: App, name: str, kind: str) -> int:
    """Print the published document as YAML."""
    with app.service() as service:
        return app.show(service.config_show(name, kind), "papers:shown")


@config.command(
    "preset",
    short_help="Print a ready-made document; without PRESET, list them.",
    epilog=examples(
        "leadwright config preset workflows", "leadwright config preset workflows welcome > workflows.yaml"
    ),
)
@click.argument("kind", type=click.Choice(KINDS))
@click.argument("preset", required=False)
@standard
def preset(app: App, kind: str, preset: str | None) -> int:
    """Print a ready-made document as YAML, to copy from; without PRESET, list those of the kind."""
    with app.service() as service:
        found = service.config_preset(kind, preset)
    return app.show(found, "papers:shown" if preset else "papers:presets")


@config.command(
    "diff", short_help="What FILE would change.", epilog=examples("leadwright config diff acme scoring.yaml")
)
@click.argument("name")
@click.argument("file", type=FILE)
@standard
def diff(app: App, name: str, file: Path) -> int:
    """What FILE would change against the published document of its kind."""
    with app.service() as service:
        return app.show(service.config_diff(name, file), "papers:differs")


@config.command(
    "publish",
    short_help="Make FILE the portal's document of its kind.",
    epilog=examples('leadwright config publish acme scoring.yaml --reason "webinars count more"'),
)
@click.argument("name")
@click.argument("file", type=FILE)
@click.option("--reason", default="", help="Why, for the history; needed unless --dry-run.")
@click.option("--dry-run", is_flag=True, help="Publish nothing; show what would become of everybody.")
@click.option("--scores", is_flag=True, help="With --dry-run: only whose score would change. Takes seconds.")
@AUTHOR
@standard
def publish(app: App, name: str, file: Path, reason: str, dry_run: bool, scores: bool, author: str) -> int:
    """Make FILE the portal's document of its kind; the next plan judges by it.

    With --dry-run nothing is published: it counts who would get another score, grade or stage, what would be written
    and enrolled, and for a mapping what each row does. With --scores as well only the scores are worked out, for
    everybody at once.
    """
    if scores and not dry_run:
        raise click.UsageError("--scores goes with --dry-run.")
    if not (dry_run or reason.strip()):
        raise click.UsageError("Missing option '--reason'.")
    with app.service() as service:
        if scores:
            return app.show(service.config_scores_file(name, file), "papers:scores")
        if dry_run:
            return app.show(service.config_dry_run_file(name, file), "papers:rehearsed")
        return app.show(service.config_publish(name, file, author, reason), "papers:published")


@config.command(
    "history", short_help="Every version: who, when and why.", epilog=examples("leadwright config history acme scoring")
)
@click.argument("name")
@click.argument("kind", type=click.Choice(KINDS))
@standard
def history(app: App, name: str, kind: str) -> int:
    """Every version: who, when and why."""
    with app.service() as service:
        return app.show(service.config_history(name, kind), "papers:history")


@config.command(
    "rollback",
    short_help="Publish an earlier version again.",
    epilog=examples("leadwright config rollback acme scoring 3"),
)
@click.argument("name")
@click.argument("kind", type=click.Choice(KINDS))
@click.argument("version", type=click.IntRange(1))
@AUTHOR
@standard
def rollback(app: App, name: str, kind: str, version: int, author: str) -> int:
    """Publish an earlier version again, as a new one."""
    with app.service() as service:
        return app.show(service.config_rollback(name, kind, version, author), "papers:published")


@config.command(
    "sign",
    short_help="Sign a draft for marketing or for sales.",
    epilog=examples(
        "leadwright config sign acme scoring --for sales",
        'leadwright config sign acme scoring --for marketing --draft-of kim --remark "agreed on 24 November"',
    ),
)
@click.argument("name")
@click.argument("kind", type=click.Choice(("scoring", "lifecycle")))
@click.option("--for", "side", type=click.Choice(get_args(Side)), required=True, help="Which side you sign for.")
@click.option("--draft-of", metavar="AUTHOR", help="Whose draft; not needed when there is only one.")
@click.option("--version", type=click.IntRange(1), help="Sign an earlier version instead, to go back to it.")
@click.option("--remark", default="", help="A remark, for the history.")
@AUTHOR
@standard
def sign(
    app: App, name: str, kind: str, side: Side, draft_of: str | None, version: int | None, remark: str, author: str
) -> int:
    """Sign a draft for marketing or for sales, as it stands now; whoever changes it afterwards needs new signatures.

    Needed where the portal's lifecycle document says `signatures: marketing_and_sales`: publishing without both
    signatures ends with exit code 2. Nobody signs for both sides.
    """
    if draft_of is not None and version is not None:
        raise click.UsageError("--draft-of and --version do not go together.")
    with app.service() as service:
        return app.show(service.config_sign(name, kind, side, author, remark, draft_of, version), "papers:signed")


@config.group("draft", epilog=examples("leadwright config draft save acme scoring.yaml"))
def draft() -> None:
    """Drafts: what you work on and nobody judges by yet; the same ones the pages show."""


@draft.command(
    "save",
    short_help="Keep FILE as your draft of its kind.",
    epilog=examples("leadwright config draft save acme scoring.yaml"),
)
@click.argument("name")
@click.argument("file", type=FILE)
@click.option("--revision", type=click.IntRange(0), help="The saving you looked at, to save over it.")
@AUTHOR
@standard
def draft_save(app: App, name: str, file: Path, revision: int | None, author: str) -> int:
    """Keep FILE as your draft of its kind, faults and all; over an open draft only with --revision."""
    with app.service() as service:
        return app.show(service.config_draft_save(name, file, author, revision), "papers:draft_saved")


@draft.command(
    "show",
    short_help="Print your draft as YAML.",
    epilog=examples("leadwright config draft show acme scoring > scoring.yaml"),
)
@click.argument("name")
@click.argument("kind", type=click.Choice(KINDS))
@AUTHOR
@standard
def draft_show(app: App, name: str, kind: str, author: str) -> int:
    """Print your draft as YAML."""
    with app.service() as service:
        return app.show(service.config_draft_show(name, kind, author), "papers:shown")


@draft.command(
    "publish",
    short_help="Make your draft the portal's document.",
    epilog=examples('leadwright config draft publish acme scoring --reason "webinars count more"'),
)
@click.argument("name")
@click.argument("kind", type=click.Choice(KINDS))
@click.option("--reason", required=True, help="Why, for the history.")
@AUTHOR
@standard
def draft_publish(app: App, name: str, kind: str, reason: str, author: str) -> int:
    """Make your draft the portal's document; refused when another version was published since you began it."""
    with app.service() as service:
        return app.show(service.config_draft_publish(name, kind, author, reason), "papers:published")


@draft.command(
    "discard", short_help="Give your draft up.", epilog=examples("leadwright config draft discard acme scoring")
)
@click.argument("name")
@click.argument("kind", type=click.Choice(KINDS))
@AUTHOR
@standard
def draft_discard(app: App, name: str, kind: str, author: str) -> int:
    """Give your draft up; the published document stays as it is."""
    with app.service() as service:
        return app.show(service.config_draft_discard(name, kind, author), "papers:discarded")
