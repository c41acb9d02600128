"""The words of job titles. Titles are folded before (small, ae/oe/ue/ss, no accents, no gender marks). Data only."""

from __future__ import annotations

import re


def _any(*parts: str) -> re.Pattern[str]:
    return re.compile("|".join(parts))


INTERN = _any(
    r"praktik(?:um|ant)", r"werkstudent", r"werksstudent", r"\bstudent", r"studierende", r"studentisch",
    r"auszubild", r"\bazubi", r"lehrling", r"\btrainees?\b", r"volontaer", r"duale[rs]? stud", r"working student",
    r"\bapprentice",
    r"\binterns?\b(?! (?:vertrieb|kommunikation|audit|revision|sales))(?<!vertrieb intern)(?<!ko"
    r"mmunikation intern)(?<!revision intern)",
    r"internship", r"stagiair", r"\bbecari", r"en practicas", r"alternant", r"schueler",
)  # fmt: skip

ASSISTANT = _any(
    r"assisten[tz]", r"\bassistant", r"\basst\b", r"\bassistante\b", r"sekretaer", r"sekretariat", r"secretar",
    r"\basistente\b", r"\bpa to\b", r"personal assistant", r"office manage", r"bueroleit", r"buerokauf",
    r"\bempfang", r"reception", r"schreibkraft", r"buerokraft", r"buerohilf", r"directiesecret", r"directieassist",
    r"vorzimmer", r"hilfskraft", r"aushilfe",
)  # fmt: skip
UNDER_ASSISTANT = _any(
    r"\bassistant (?:vice president|vp|(?:general |regional |branch )?manager|director|controller|head)\b(?! to)",
)  # fmt: skip

MEMBER = _any(r"mitglied", r"\bmember of\b", r"membre d[ue]", r"miembro", r"\blid van\b")
OF_SUPERIOR = re.compile(
    r"(?<=\w)\s(?:der|des|den|dem|die|to the|to|for the|of the|fuer die|fuer den|beim|bei der|du|de la|van de)"
    r"\s(?=(?:\w+ )?(?:geschaefts(?:fuehr|leit)|vorstand|c[efto]o\b|managing director|board|direction|direktion"
    r"|directie|chief|inhaber|president))"
)
DEPUTY = _any(
    r"\bstv\b", r"\bstellv", r"\bdeputy\b", r"\bvize(?!praes)", r"adjoint", r"\bsubdirector", r"\bplaatsverv",
    r"\bvice head",
)  # fmt: skip
NO_OWNER = _any(
    r"\b(?:product|process|service|data|business process|scrum|solution|system|asset|risk|conten"
    r"t|feature|application) owner\b",
    r"vorstandsreferent", r"referent.{0,25}(?:geschaeftsfuehr|geschaeftsleit|vorstand)", r"\blead generation\b",
    r"\blead gen\b", r"\blead nurtur", r"\blead manage", r"business partner\b", r"channel partner",
    r"partner manage", r"sales partner",
)  # fmt: skip

_MANAGING = _any(
    r"geschaeftsfuehr", r"geschaeftsinhaber", r"\bgf\b", r"\bggf\b", r"\bceo\b", r"chief executive",
    r"managing director", r"managing partner", r"\binhaber", r"\bowner\b", r"\bco-?founder", r"\bfounder",
    r"gruender", r"vorstandsvorsitz", r"vorsitzende[rn]? (?:des vorstand|der geschaeftsf)",
    r"sprecher(?:in)? (?:des vorstand|der geschaeftsf)", r"gesellschafter",
    r"(?<!vice )(?<!vice-)(?<!vize)\bpresident\b", r"(?<!vize)\bpraesident", r"\bpdg\b", r"\bgerant",
    r"directeur general", r"directrice generale", r"\bdirector general\b", r"directora general", r"gerente general",
    r"consejero delegado", r"algemeen directeur", r"bestuurder", r"proprietor", r"proprietaire", r"propietari",
    r"eigenaar", r"komplementaer", r"unternehmer(?:in)?\b", r"firmeninhaber", r"^directeur$", r"zaakvoerder",
    r"selbststaendig", r"freiberuf",
)  # fmt: skip
_CHIEF = _any(
    r"\bc[tfoimsrpdlxh](?:s|d|t)?o\b", r"\bchro\b", r"\bciso\b", r"\bchief\b.{0,40}\bofficer\b",
    r"\bvorst(?:and|aend)", r"mitglied der (?:geschaefts|unternehmens)leitung", r"geschaeftsleit",
    r"unternehmensleit", r"\bgl\b", r"board member", r"member of the (?:executive |management )?board",
    r"executive (?:director|board)", r"general manager", r"\bpartner(?:in)?\b", r"aufsichtsrat", r"beirat",
    r"hauptgeschaeft", r"generalbevollm", r"comite de direction", r"directiecomite",
)  # fmt: skip
_TEAM = _any(
    r"team ?-?leit", r"team ?-?lead", r"team ?-?manager", r"gruppen ?-?leit", r"schicht ?-?(?:leit|fuehr)",
    r"projekt ?-?leit", r"project ?-?lead", r"filial ?-?leit", r"markt ?-?leit", r"\bbau ?-?leit",
    r"\bobjekt ?-?leit", r"labor ?-?leit", r"kuechen ?-?leit", r"sachgebiets ?-?leit", r"\bsupervisor",
    r"(?<!hand)(?<!haus)\bmeister(?:in)?\b", r"industriemeister", r"werkmeister", r"vorarbeiter", r"\bpolier",
    r"\blead\b", r"squad lead", r"chef d.equipe", r"jefe de equipo", r"teamleider", r"ploegleider", r"\bforeman",
    r"\bsenior manager",
    r"(?:plant|operations|branch|regional|country|division|department|site|works|purchasing|proc"
    r"urement|production|quality|it|hr|finance|maintenance|engineering|logistics|warehouse) mana"
    r"ger",
    r"chef de projet", r"chapter lead", r"tech ?lead", r"koordinator(?:in)? leit", r"\bkey ?player$",
    r"disziplinarisch",
)  # fmt: skip
_HEAD = _any(
    r"(?<!beg)(?<!halb)(?<!licht)(?<!blitzab)(?<!ab)(?<!stern)(?<!strom)leiter(?:in|innen)?(?!pl"
    r"att|bahn|kart|geruest)\b",
    r"(?<!weiter)(?<!rohr)(?<!strom)(?<!ab)(?<!ein)(?<!zu)(?<!hoch)(?<!be)leitung\b(?!s)", r"\bhead\b",
    r"\bdirector\b", r"\bdirectora?\b", r"direktor", r"\bdirecteur\b", r"\bdirectrice\b", r"vice[ -]president",
    r"vizepraesident", r"\b[aes]?vp\b", r"prokurist", r"\bresponsable\b", r"\bjefe de\b", r"\bjefa de\b",
    r"\bhoofd\b", r"\bchef(?:in)?\b", r"\bhod\b", r"\bchief\b", r"bereichsvorstand", r"bevollmaechtigt", r"\bdekan",
    r"\brektor", r"buergermeister", r"\bprincipal\b(?! (?:engineer|consult|dev|sci))",
)  # fmt: skip
_SPECIALIST = _any(
    r"manage[rs]?\b", r"managerin", r"management\b", r"referent", r"sachbearbeit", r"spezialist", r"specialist",
    r"ingenieur", r"engineer", r"entwickler", r"developer", r"\bberater", r"consultant", r"consultor", r"adviseur",
    r"adviser", r"advisor", r"einkaeufer", r"\bbuyer", r"purchaser", r"acheteur", r"comprador", r"inkoper",
    r"verkaeufer", r"\bsales\b", r"vendeur", r"vendedor", r"verkoper", r"vertrieb", r"techniker", r"technician",
    r"technicien", r"tecnico", r"technisch", r"analyst", r"analista", r"designer", r"redakteur", r"editor",
    r"controller", r"buchhalt", r"accountant", r"comptable", r"contable", r"boekhouder", r"administrator",
    r"administratif", r"koordinat", r"coordinat", r"coordinador", r"planer", r"planner", r"disponent", r"expert",
    r"architekt", r"architect", r"wissenschaft", r"scientist", r"researcher", r"monteur", r"mechani", r"meister",
    r"operator", r"bediener", r"fachkraft", r"kaufmann", r"kauffrau", r"kaufleut", r"mitarbeit", r"angestellt",
    r"employee", r"medewerker", r"associate", r"officer", r"beauftragt", r"anwalt", r"jurist", r"lawyer", r"counsel",
    r"\barzt", r"aerzt", r"lehrer", r"dozent", r"professor", r"trainer", r"coach", r"scrum", r"auditor", r"pruefer",
    r"inspector", r"charge[e]? d", r"\bcharge", r"gestionnaire", r"representative", r"aussendienst", r"innendienst",
    r"konstrukteur", r"programmier", r"\bqs\b", r"account executive", r"strateg", r"evangelist", r"agent\b",
    r"makler", r"lagerist", r"fahrer", r"\bdriver", r"elektriker", r"informatiker", r"chemiker", r"physiker",
    r"biolog", r"laborant", r"marketing", r"einkauf", r"nurse", r"pflege",
)  # fmt: skip

BY_LEVEL: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("managing_director", _MANAGING),
    ("c_level", _CHIEF),
    ("team_lead", _TEAM),
    ("head", _HEAD),
    ("specialist", _SPECIALIST),
)

DEPARTMENTS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("purchasing", _any(
        r"einkauf", r"einkaeufer", r"purchas", r"procure", r"beschaff", r"\bbuyer", r"sourcing", r"\bachats?\b",
        r"acheteur", r"compras", r"inkoop", r"inkoper", r"\bcpo\b", r"materialwirtschaft", r"supply chain",
    )),
    ("marketing", _any(
        r"marketing", r"\bcmo\b", r"\bbrand", r"werbung", r"kommunikation", r"communicat", r"\bpr\b",
        r"public relations", r"content", r"social media", r"\bseo\b", r"\bsea\b", r"redakt", r"\bcrm\b", r"lead gen",
        r"\bevents?\b", r"mercadotecnia",
    )),
    ("sales", _any(
        r"vertrieb", r"verkauf", r"verkaeuf", r"\bsales\b", r"account", r"aussendienst", r"innendienst",
        r"business develop", r"\bcso\b", r"\bcro\b", r"commercial", r"\bventes?\b", r"vendeur", r"\bventas?\b",
        r"verkoop", r"verkoper", r"gebietsleit", r"kundenberat", r"export",
    )),
    ("it", _any(
        r"\bit\b", r"\bit-", r"\bedv\b", r"\bcio\b", r"\bciso\b", r"\bcto\b", r"informatik", r"information tech",
        r"software", r"develop(?:er|ment)\b(?! manager)", r"\bdevops", r"system ?admin", r"systemadmin", r"cyber",
        r"\bdata\b", r"digitalis", r"digitiz", r"\bsap\b", r"\berp\b", r"programmier", r"informatique", r"\bcloud\b",
        r"netzwerk",
    )),
    ("finance", _any(
        r"finan[cz]", r"\bcfo\b", r"controll", r"buchhalt", r"rechnungswes", r"accountan", r"accounting", r"comptab",
        r"contab", r"boekhoud", r"treasur", r"steuer(?!ung)", r"\btax\b", r"kaufmaennisch", r"revision", r"\baudit",
        r"einkaufscontrolling",
    )),
    ("hr", _any(
        r"personal(?!is|\s?assist)", r"\bhr\b", r"human resource", r"\bchro\b", r"recruit", r"talent", r"\bpeople\b",
        r"ressources humaines", r"\brrhh\b", r"recursos humanos", r"personeel", r"ausbildungs", r"learning",
        r"weiterbildung",
    )),
    ("production", _any(
        r"produktion", r"production", r"fertigung", r"manufactur", r"\bwerks?leit", r"\bplant\b", r"betriebsleit",
        r"\bmontage", r"industriemeister", r"schichtleit", r"\boperations\b", r"\bcoo\b", r"\bfabri", r"produccion",
        r"productie",
    )),
    ("maintenance", _any(
        r"instandhalt", r"wartung", r"maintenance", r"haustechnik", r"facility", r"gebaeudemanag",
        r"betriebstechnik", r"manutention",
    )),
    ("engineering", _any(
        r"entwicklung", r"konstrukt", r"engineer", r"ingenieur", r"\br ?& ?d\b", r"\bf ?& ?e\b", r"\brnd\b",
        r"research", r"forschung", r"innovation", r"technisch(?:e|er|es)? (?:leit|direkt|gesch)", r"\btechnik",
        r"\btechnolog", r"bureau d.etudes", r"labor\b", r"produktmanage", r"product manage", r"product owner",
    )),
    ("quality", _any(
        r"qualitaet", r"quality", r"\bqs\b", r"\bqm\b", r"\bqmb\b", r"calidad", r"qualite", r"kwaliteit",
        r"zertifiz", r"regulatory", r"compliance",
    )),
    ("logistics", _any(
        r"logisti", r"\blager", r"warehouse", r"versand", r"dispon", r"disposition", r"transport", r"spedition",
        r"fuhrpark", r"\bfleet",
    )),
    ("service", _any(
        r"kundendienst", r"kundenservice", r"customer (?:service|support|success|care)", r"\bservice\b",
        r"servicetech", r"\bsupport\b", r"after ?sales", r"service client", r"klantenservice", r"reklamation",
    )),
    ("legal", _any(
        r"\brecht\b", r"rechts", r"\blegal\b", r"jurist", r"anwalt", r"counsel", r"datenschutz", r"\bdpo\b",
        r"privacy", r"juridi",
    )),
    ("administration", _any(
        r"verwaltung", r"administra", r"sekretar", r"sekretaer", r"assisten[tz]", r"\bassistant", r"office",
        r"empfang", r"reception", r"buero",
    )),
    ("management", _any(
        r"geschaeftsfuehr", r"geschaeftsleit", r"vorstand", r"\bceo\b", r"managing director", r"inhaber",
        r"\bfounder", r"gruender", r"gesellschafter", r"direction generale", r"unternehmensleit",
    )),
)  # fmt: skip
DEPARTMENT_NAMES = frozenset(name for name, _ in DEPARTMENTS)
