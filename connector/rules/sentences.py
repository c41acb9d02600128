"""The sentences for every "no": by topic and gate, in English and German. Data; the choice among them is elsewhere.

Topics: becoming an MQL, being enrolled, being written to, being read (sync), being given to somebody (routing). A gate
without a sentence does not pass the tests.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

Topic = Literal["mql", "enrolment", "write", "sync", "routing"]
TOPICS: Final[tuple[Topic, ...]] = ("mql", "enrolment", "write", "sync", "routing")
EXCLUSION: Final = "exclusion"

# topic → gate → (what is the matter, what would change it), each in English and German
Said = tuple[tuple[str, str], tuple[str, str]]
_WORKFLOW: Final[Said] = (
    ("The workflow cannot take anybody: {why}.", "Der Workflow kann niemanden aufnehmen: {why}."),
    ("Name a workflow that is switched on.", "Einen eingeschalteten Workflow nennen."),
)
HELD: Final[dict[str, Said]] = {
    "frozen": (
        ("Two writers kept turning {property}.", "Zwei Stellen haben {property} immer wieder umgeschrieben."),
        ("Stop one of them, then release the property.", "Eine davon abstellen, dann die Eigenschaft freigeben."),
    ),
    "undone": (
        ("Somebody took this value of {property} back.", "Jemand hat diesen Wert von {property} zurückgenommen."),
        ("Release the run, or let the rule give another value.", "Den Lauf freigeben, oder die Regel ändern."),
    ),
    "refused": (
        ("HubSpot refused it: {why}.", "HubSpot hat es abgelehnt: {why}."),
        ("Mend it in HubSpot; it is tried again daily.", "In HubSpot beheben; es wird täglich neu versucht."),
    ),
    "provisioned": (
        ("The portal lacks Leadwright's properties.", "Dem Portal fehlen die Eigenschaften von Leadwright."),
        ("Provision the portal.", "Die Eigenschaften im Portal anlegen."),
    ),
    "writable": (
        ("The portal has no writable property {property}.", "{property} ist im Portal nicht beschreibbar."),
        ("Check the portal's properties.", "Die Eigenschaften des Portals prüfen."),
    ),
    "stage": (
        ("The stage stands against it: {why}.", "Die Phase spricht dagegen: {why}."),
        (
            "Set the stage in HubSpot, or name it in portal_values.",
            "Die Phase in HubSpot setzen oder in portal_values nennen.",
        ),
    ),
}
SENTENCES: Final[Mapping[Topic, Mapping[str, Said]]] = {
    "mql": {
        "identity": (
            ("The record is incomplete: {missing} is missing.", "Der Datensatz ist unvollständig: Es fehlt {missing}."),
            ("Find it out, for instance by a form.", "Nachfragen, zum Beispiel mit einem Formular."),
        ),
        "threshold": (
            ("It has {score} of {threshold} points.", "Der Kontakt hat {score} von {threshold} Punkten."),
            ("{short} more points.", "Noch {short} Punkte."),
        ),
        "depth": (
            ("Nothing that was done is a converting act.", "Bisher war keine Handlung verbindlich genug."),
            ("A download, a webinar or a request.", "Ein Download, ein Webinar oder eine Anfrage."),
        ),
        "persona": (
            ("It does not fit the persona.", "Der Kontakt passt nicht zur Persona."),
            ("Other facts about it, or another persona.", "Andere Angaben, oder eine andere Persona."),
        ),
        "function": (
            ("Its function is not the right one.", "Die Funktion ist nicht die richtige."),
            ("Another contact of the company.", "Ein anderer Ansprechpartner im Unternehmen."),
        ),
        "region": (
            ("Its region does not fit.", "Die Region passt nicht."),
            ("Another location, or other target regions.", "Ein anderer Standort, oder andere Zielregionen."),
        ),
        "problem": (
            ("There is no problem we can solve.", "Es gibt kein Problem, das wir lösen."),
            ("A need it tells us of.", "Ein Bedarf, den der Kontakt nennt."),
        ),
        "competitor": (
            ("It belongs to a competitor.", "Der Kontakt gehört zu einem Wettbewerber."),
            ("Nothing, while the domain is listed.", "Nichts, solange die Domain auf der Liste steht."),
        ),
        "career_only": (
            ("It looked at nothing but job offers.", "Der Kontakt hat nur Stellenangebote angesehen."),
            ("Any other interest.", "Irgendein anderes Interesse."),
        ),
        EXCLUSION: (
            ("An exclusion stands against it: {why}.", "Ein Ausschluss spricht dagegen: {why}."),
            (
                "A person decides and sets the stage in HubSpot.",
                "Ein Mensch entscheidet und setzt die Phase in HubSpot.",
            ),
        ),
        "unknown": (
            ("It is not known whether it may: {why}.", "Es ist nicht bekannt, ob er darf: {why}."),
            ("Find out: {missing}.", "Herausfinden: {missing}."),
        ),
        **HELD,
    },
    "enrolment": {
        "not_mql": (
            (
                "It is no new MQL, and only those are enrolled.",
                "Der Kontakt ist kein neuer MQL, nur solche werden aufgenommen.",
            ),
            ("See why it is no MQL.", "Siehe, warum er kein MQL ist."),
        ),
        "no_workflow": (
            ("No workflow is named in the workflows document.", "Im Dokument workflows ist kein Workflow genannt."),
            ("Name one there.", "Dort einen nennen."),
        ),
        "workflow": _WORKFLOW,
        "email": (
            ("It has no e-mail address.", "Es gibt keine E-Mail-Adresse."),
            ("Find the address out.", "Die Adresse herausfinden."),
        ),
        "bad_address": (
            (
                "HubSpot says the address cannot be mailed.",
                "HubSpot sagt, an die Adresse kann nichts geschickt werden.",
            ),
            ("Another address.", "Eine andere Adresse."),
        ),
        "hard_bounce": (
            ("Mail to it bounced for good.", "E-Mails kamen endgültig zurück."),
            ("Another address.", "Eine andere Adresse."),
        ),
        "quarantined": (
            ("HubSpot has quarantined the address.", "HubSpot hat die Adresse gesperrt."),
            ("HubSpot lifts it, or another address.", "HubSpot hebt es auf, oder eine andere Adresse."),
        ),
        "consent_unread": (
            ("Whether it opted out was not read.", "Ob der Kontakt sich abgemeldet hat, wurde nicht gelesen."),
            ("Sync the property hs_email_optout.", "Die Eigenschaft hs_email_optout abgleichen."),
        ),
        "opted_out": (
            ("It opted out of all e-mail.", "Der Kontakt hat sich von allen E-Mails abgemeldet."),
            ("Only the contact itself can change that.", "Das kann nur der Kontakt selbst ändern."),
        ),
        "not_marketable": (
            ("It is no marketing contact in HubSpot.", "Der Kontakt ist in HubSpot kein Marketingkontakt."),
            ("Make it one in HubSpot.", "Ihn in HubSpot dazu machen."),
        ),
        "double_opt_in": (
            ("A step of its sign-up is missing: {why}.", "Ein Schritt der Anmeldung fehlt: {why_de}."),
            (
                "It signs up anew where that is needed, and confirms it by mail.",
                "Der Kontakt meldet sich an, wo nötig neu, und bestätigt es per E-Mail.",
            ),
        ),
        "legal_basis": (
            ("No legal basis is on record.", "Es ist keine Rechtsgrundlage hinterlegt."),
            ("Record one in HubSpot.", "In HubSpot eine hinterlegen."),
        ),
        "unsubscribed": (
            (
                "It left the subscription such mails belong to.",
                "Der Kontakt hat das Abonnement solcher E-Mails abbestellt.",
            ),
            ("Only the contact itself can change that.", "Das kann nur der Kontakt selbst ändern."),
        ),
        **HELD,
        "option": (
            ("A drop-down lacks the option it needs.", "Einer Auswahlliste fehlt die nötige Option."),
            ("Add the option in HubSpot.", "Die Option in HubSpot ergänzen."),
        ),
        "portal_rule": (
            (
                "A rule of the portal stands against the stage: {why}.",
                "Eine Regel des Portals spricht gegen die Phase: {why}.",
            ),
            ("Change the rule in HubSpot.", "Die Regel in HubSpot ändern."),
        ),
    },
    "write": {
        "observe": (
            (
                "The portal is in observe mode: nothing is written.",
                "Das Portal wird nur beobachtet: Es wird nichts geschrieben.",
            ),
            ("Set it live.", "Das Portal live schalten."),
        ),
        "option": (
            (
                "The drop-down of {property} lacks the option it needs.",
                "Der Auswahlliste {property} fehlt die nötige Option.",
            ),
            ("Add the option in HubSpot.", "Die Option in HubSpot ergänzen."),
        ),
        "portal_rule": (
            (
                "A rule of the portal stands against the value of {property}: {why}.",
                "Eine Regel des Portals spricht gegen den Wert von {property}: {why}.",
            ),
            ("Change the rule in HubSpot.", "Die Regel in HubSpot ändern."),
        ),
        "mapping": (
            ("The mapping cannot write {property}: {why}.", "Die Zuordnung kann {property} nicht schreiben: {why}."),
            ("Change the row of the mapping.", "Die Zeile der Zuordnung ändern."),
        ),
        **HELD,
    },
    "sync": {
        "source_off": (
            ("The portal does not tell us of {source}.", "Das Portal gibt {source} nicht her."),
            ("Grant the scope, or use another source.", "Die Berechtigung erteilen, oder eine andere Quelle nutzen."),
        ),
        "unreadable": (
            ("The value of {property} cannot be read: {why}.", "Der Wert von {property} ist nicht lesbar: {why}."),
            ("Correct it in HubSpot.", "Ihn in HubSpot berichtigen."),
        ),
        "no_lists": (
            (
                "Who is on these HubSpot lists is not known: {lists}.",
                "Wer auf diesen HubSpot-Listen steht, ist nicht bekannt: {lists}.",
            ),
            (
                "Sync; if that does not help, check the portal: it says why a list cannot be read.",
                "Synchronisieren; hilft das nicht, das Portal prüfen: Dort steht, warum eine Liste nicht lesbar ist.",
            ),
        ),
    },
    "routing": {
        "owned": (
            ("It belongs to somebody already.", "Der Kontakt hat schon jemanden, der zuständig ist."),
            ("The owner is changed in HubSpot.", "Die Zuständigkeit wird in HubSpot geändert."),
        ),
        "not_mql": (
            (
                "It is no MQL, and only those are given to sales.",
                "Der Kontakt ist kein MQL, nur solche gehen an den Vertrieb.",
            ),
            ("See why it is no MQL.", "Siehe, warum er kein MQL ist."),
        ),
        "no_rules": (
            (
                "No routing is set up: HubSpot's own rules give it an owner.",
                "Es ist keine Zuteilung eingerichtet: Die Regeln in HubSpot bestimmen, wer zuständig ist.",
            ),
            ("Set the owner in HubSpot.", "Die Zuständigkeit in HubSpot setzen."),
        ),
    },
}
