"""Every maximum of the node, with its unit and why.  A limit that is not here does not exist."""

from typing import Final

# --- bytes from a peer, checked before parsing ---------------------------------------------------------------
STATEMENT_BYTES: Final = 64 * 1024  # one statement as it travels; a route of 64 polygons of 64 vertices fits
JSON_DEPTH: Final = 12  # our deepest statement nests 9 deep (an agreement's polygon with holes)
PEER_BODY_BYTES: Final = 512 * 1024  # one request of a peer: a batch of statements
STATEMENTS_PER_BATCH: Final = 64  # one request of a peer
CARD_BYTES: Final = 16 * 1024  # a card, read from a file by hand

BODY_ARRIVES_MS: Final = 10_000  # any door: a body that drips longer than this is not waited for
HEADERS_BYTES: Final = 16 * 1024  # any door: request line and headers of one request
HEADERS_ARRIVE_MS: Final = 10_000  # any door: from a new connection, or the first byte, to the end of the headers
ANSWER_TAKEN_MS: Final = 60_000  # any door: a client that does not take its answer this long is let go
DOOR_CONNECTIONS: Final = 512  # of one door, all clients together
DOOR_CONNECTIONS_PER_ADDRESS: Final = 128  # of one door and one network address, which may be a proxy for many

# --- a peer's share of the node -------------------------------------------------------------------------------
PEER_REQUESTS_PER_S: Final = 200  # refilled; over it 429 and no receipt: deferral, not refusal
PEER_REQUESTS_BURST: Final = 400
PEER_STATEMENTS_PER_S: Final = 50  # refilled; each costs 2 to 4 ms: a sixth of this node (DOMAIN 1.2)
PEER_STATEMENTS_BURST: Final = 2_000
REQUEST_AGE_MS: Final = 600_000  # a signed request is fresh for 10 minutes of the answering clock
NONCES_KEPT: Final = 4_096  # per peer; older requests than the oldest forgotten nonce are refused

SOURCE_TEXTS_PER_S: Final = (
    500  # of one network address in the name of one peer, not signed by it or known already: 7 % of a core
)
SOURCE_TEXTS_BURST: Final = 2_000  # what verifies and is new is given back, so that an honest peer never meets this
SOURCES_KEPT: Final = 4_096  # such pairs of address and peer; the longest unused is forgotten first
PEER_LIFE_PER_S: Final = 20  # life-safety statements, beside the ordinary share; refilled: a sector in an emergency
PEER_LIFE_BURST: Final = 128  # two whole requests
PEER_AT_ONCE: Final = (
    2  # statements of one peer before the sequencer; another's waits for so many and one sync, some 10 ms
)
LIFE_FLOOD_AT: Final = 20  # life-safety statements of one peer in a window: no air situation has so many (DOMAIN 8)
LIFE_WINDOW_MS: Final = 600_000
MATTERS_PER_PEER: Final = 512  # statements of one peer that ask for something, of class LIFE, and as many others: 2 MB
MATTERS_FORGOTTEN_MS: Final = (
    30 * 86_400_000
)  # an act about one that left memory is taken silently so long, then NOT_OURS
MISUSE_PEERS_KEPT: Final = 256  # whose misuse is counted, by peer and kind
REPLAYS_UNTOLD: Final = 1_000  # in an episode; what goes by two bearers, or lost its answer, honestly comes twice
DEFERRALS_UNTOLD: Final = 10  # in an episode; a peer that was cut off for long catches up honestly
REPLAYS_KNOWN: Final = 8_192  # statements of all peers whose answer is at hand when they come again: about 1 kB each
EVIDENCE_PER_NUMBER: Final = 4  # texts kept as evidence about one number of a feed; two prove a fork
EVIDENCE_NUMBERS: Final = 64  # numbers of one party about which evidence of one kind is kept
ALARM_EPISODE_MS: Final = 3_600_000  # a counted alarm to which nothing was added so long is over
PEER_CLOCK_OFF_MS: Final = 60_000  # DOMAIN 8: a clock this far off is BAD
UNAUTHENTICATED_KEPT: Final = 20  # texts kept in one window, and shown
UNAUTHENTICATED_WINDOW_MS: Final = 3_600_000
UNAUTHENTICATED_CHARS: Final = 200  # of such a text

# --- hooks: what rings outside the node ------------------------------------------------------------------------
HOOKS: Final = 16  # of one node
HOOK_ATTEMPTS: Final = 8  # for one ring, then it is given up: about four minutes with the waits below
HOOK_ATTEMPTS_UNTOLD: Final = 1  # failures in a row before the desk is alarmed
HOOK_RETRY_FIRST_MS: Final = 2_000
HOOK_RETRY_LAST_MS: Final = 60_000
HOOK_TIMEOUT_MS: Final = 10_000  # one try, where the settings say nothing else
HOOK_TIMEOUT_LONGEST_MS: Final = 60_000
HOOK_WAITING: Final = 256  # rings that wait for one hook; the oldest is given up for a newer one
HOOK_AT_ONCE: Final = 2  # tries of one hook; a pager that hangs does not hold the next ring
HOOK_AGAIN_MS: Final = 3_600_000  # after a start: an older ring is not tried again, since a late pager misleads
HOOK_TEXT_CHARS: Final = 120  # what a try came to, in the journal
RINGS_KEPT: Final = 512  # rings remembered, the newest

# --- peers with only a telephone, and contact outside the line ------------------------------------------------
VOICE_PEERS: Final = 64  # as many parties as a desk could call at all
VOICE_NUMBERS: Final = 8  # by which one party is called: posts, alternates, a frequency
VOICE_NUMBER_CHARS: Final = 64  # a number with its extension, or a frequency
CONTACTS_KEPT: Final = 500  # in memory, the newest, and each whose banner stands; all stay in the journal

# --- a notice -------------------------------------------------------------------------------------------------
VOLUMES_PER_NOTICE: Final = 64  # a route of 64 legs
VERTICES_PER_SHAPE: Final = 2_000  # all rings together
HOLES_PER_POLYGON: Final = 64
VERTICES_AFTER_SPLIT: Final = (
    4_000  # one ring or line, long edges split at 100 km: ten times round the Earth, 50 ms of work
)
ARC_OUTER_M: Final = 5_000_000  # beyond it the rim is hardly curved; a full ring of it has some 2,700 vertices
ARC_LEAST_DEG: Final = 0.01  # covered, and left out: narrower is a line, and its two sides would cross
ARC_LEAST_INNER_M: Final = 1  # or none: a smaller hole has no place among chords
CORES_KEPT: Final = 8_192  # shapes built on the sphere and kept for the next question about them; about 2 kB each
KEY_ENTRIES: Final = 256  # notice versions in an awareness key
AUDIENCE: Final = 32  # peers of one node
NOTICES_LIVE_PER_PARTY: Final = (
    20_000  # not ended, cancelled or past; one notice in conflict with all still fits one batch
)
NOTICE_VERTICES: Final = 2_000  # all volumes together, long edges split: what one statement may cost in geometry
NOTICE_BYTES: Final = (
    16 * 1024
)  # volumes in canonical form: with a full key, or twice in an agreement, a statement still fits
NOTICES_AT_ONCE: Final = 100  # filed by one act, or asked about by one what-if: all or none, in one transaction
CONFLICTS_AT_ONCE: Final = (
    20_000  # made by notices filed as one: two events each, so a batch holds them, and one answer names them
)
NOTICE_SPAN_MS: Final = 400 * 86_400_000  # a standing zone of a year and some

# --- the desk -------------------------------------------------------------------------------------------------
DESK_BODY_BYTES: Final = 256 * 1024
DESK_BATCH_BYTES: Final = 2 * 1024 * 1024  # the same of NOTICES_AT_ONCE notices, each as large as one may be
FREE_TEXT_CHARS: Final = 200  # DOMAIN DIS-06
DOUBT_AGO_MS: Final = 86_400_000  # when something happened, before now: older is asked about before it is sent
DOUBT_AHEAD_MS: Final = 7_200_000  # the same, after now: 2150Z typed at 0010Z is 21 h ahead, and meant yesterday
DOUBT_REACH_M: Final = 370_400  # an area from its middle: 200 NM, twice what one radar of a centre sees
SLOT_CHARS: Final = 400  # one value in a phrase: an area of eight corners read aloud twice over
IDEMPOTENCY_KEYS_KEPT: Final = 10_000  # answers kept for retries, newest first
IDEMPOTENCY_KEY_CHARS: Final = 128
SESSIONS: Final = 64
SESSION_MS: Final = 12 * 3_600_000  # a shift
SSE_CLIENTS: Final = 64
SSE_BACKLOG_EVENTS: Final = 1_000  # a slower client is cut off and resumes
LOGONS_PER_MINUTE: Final = 10  # per account: argon2 costs us, guessing costs them
LOGONS_AT_ONCE: Final = 2  # argon2 takes 64 MiB and a core for 0.1 s each
LOGONS_WAITING: Final = 16  # for one of those; over it 503
SSE_PING_MS: Final = 15_000  # a comment on an idle stream: proxies keep it open, and a dead client is noticed
SSE_PAGE_ENTRIES: Final = 256  # read from the journal at a time for a client that resumes

# --- terms of a line ------------------------------------------------------------------------------------------
CLAUSE_BYTES: Final = 16 * 1024  # the canonical text of one clause; a table of numbers takes 2 kB
CLAUSE_AREAS: Final = 64  # shapes in one clause
CLAUSE_ROWS: Final = 64  # frequencies or call signs in one clause
CLAUSES_PER_LINE: Final = 512  # named clauses and standing objects of one line that are kept at hand
CLAUSE_OFFERS_KEPT: Final = 16  # of one clause, newest; an acceptance of an older one is answered NOT_OURS
HUMAN_CHECKS_A_DAY: Final = 24  # line checks that a person acknowledges; more often than hourly is the machine's work
CLAUSE_SIGNED_KEPT: Final = 8  # of one clause, highest versions: in force, signed for later, and what was before
CROSSINGS_KEPT: Final = 1_024  # of one line, in memory; those that are over go first

# --- the engine -----------------------------------------------------------------------------------------------
BATCH_COMMANDS: Final = 256  # commands decided before one sync
BATCH_EVENTS: Final = 60_000  # of one batch; one command can make many conflicts
QUEUE_COMMANDS: Final = 4_096  # waiting for the sequencer; over it a door answers 503
DEADLINES_PER_BATCH: Final = 256  # passed with one sync
ALARMS_KEPT: Final = 500  # newest first; all stay in the journal
PROPOSALS_SHOWN: Final = 8
WAYS_ANSWERED: Final = 3  # for each notice that a what-if asks about
WAYS_NOTICES: Final = 20  # of one question, those that conflict first; each takes some 10 ms, sought one at a time
FORGET_AFTER_MS: Final = 24 * 3_600_000  # from a notice's end, or the last act about it, until it leaves memory: a line
# that was cut for a night has been caught up by then, and the daily check has seen it
ANSWERS_KEPT_MS: Final = 24 * 3_600_000  # answers kept for retries; nobody retries a desk's act the next day
DIALOGUE_TURNS: Final = 64  # proposals and counters about one pair

# --- delivery -------------------------------------------------------------------------------------------------
RETRY_FIRST_MS: Final = 250
RETRY_LAST_MS: Final = 30_000
CONNECT_TIMEOUT_MS: Final = 3_000  # then the next address of the peer is tried
REQUEST_TIMEOUT_MS: Final = 10_000  # DOMAIN 8: machine receipt within 10 s
CATCH_UP_STATEMENTS: Final = 64  # asked for at a time
OVERTAKE_MS: Final = (
    2_000  # an address that has not answered by then is still waited for, and the next one asked as well
)
HEARTBEAT_LEAST_MS: Final = 1_000  # between two heartbeats by one bearer, whatever the table says
LIFE_RETRY_LAST_MS: Final = 5_000  # between two attempts to carry a LIFE statement by one bearer
LINK_UP_HEARTBEATS: Final = 2  # in a row, until a link that was DEGRADED or LOST is UP again: one may be luck
LINK_CHANGES_PER_HOUR: Final = (
    12  # of one bearer and direction in the journal; one that flaps more stays as bad as it was
)
HELLO_EVERY_MS: Final = 30_000  # of an idle line; heads are compared again each time
RECENT_STATEMENTS: Final = 1_024  # of all peers together, kept at hand; older ones are read from the journal
WATCH_LONGEST_MS: Final = 60_000  # the watch looks again at least this often, should the machine have slept

# --- files as a bearer ----------------------------------------------------------------------------------------
FILE_BYTES: Final = 6 * 1024 * 1024  # a sealed file as it lies; looked at before it is opened
FILE_CONTENT_BYTES: Final = 4 * 1024 * 1024  # what is in it; in base64url, with its head, that is under FILE_BYTES
FILE_TEXTS: Final = 1_024  # statements in one file, and receipts in one; what is over goes with the next
FILE_RECEIPTS_AGAIN: Final = 256  # newest receipts that a node writes once more after a start: the last may be lost
FILE_NONCES: Final = 64  # of ours for one peer that its files may still echo
FILE_ACT_BYTES: Final = 9 * 1024 * 1024  # a file in the body of a desk's act
FILES_WAITING: Final = 64  # in the folder for one peer; while nobody carries them away, no more are written
FILES_IN_A_LOOK: Final = 16  # taken from one peer's folder at a time, so that others have their turn
FILES_LOOK_MS: Final = 1_000  # how often the folders are looked at; a file that changed since is still being written
FILE_AGAIN_MS: Final = 3_600_000  # what no file or receipt answered is written once more, should the file be lost

# --- the journal ----------------------------------------------------------------------------------------------
ENTRY_CONTENT_BYTES: Final = 1024 * 1024  # one event; sixteen times the largest statement, which an event may quote
JOURNAL_BATCH_ENTRIES: Final = 65_536  # one transaction; BATCH_COMMANDS at 256 events each
JOURNAL_PAGE_ENTRIES: Final = 4_096  # what a reload asks for at a time: about 5 MB, 40 ms of the journal's thread
NOTICES_FILED_IN_A_TURN: Final = 64  # after a reload, in the index: some 20 ms, then others have their turn
JOURNAL_LOCK_WAIT_MS: Final = 5_000  # for a foreign reader that holds a lock of SQLite for a moment

# --- a check of files -----------------------------------------------------------------------------------------
CHECK_FILE_BYTES: Final = 512 * 1024 * 1024  # one file; a million small plans, and memory of a few times as much
SNAPSHOT_EVERY_ENTRIES: Final = 20_000  # behind the last snapshot; under a second to fold at a start
SNAPSHOT_AT_END_ENTRIES: Final = 500  # fewer than this at the end of a process are not worth a snapshot
SNAPSHOT_SPOILT: Final = 16  # attempts that somebody's act spoilt, before one is taken in one go
SNAPSHOT_BYTES: Final = 1024 * 1024 * 1024  # a larger file is no snapshot of ours and is not read
AUDIT_PAGE_ENTRIES: Final = 256  # verified at a time behind a snapshot: 2 ms of the journal's thread
AUDIT_REST_MS: Final = 20  # between two such pages: a million entries take about two minutes

# --- timelines ------------------------------------------------------------------------------------------------
SCENARIO_BYTES: Final = 4 * 1024 * 1024  # one file of a timeline; thousands of steps

# --- the tokens of a DSS --------------------------------------------------------------------------------------
DSS_TOKEN_BYTES: Final = 8 * 1024  # one access token; real ones take under 2 kB, and HEADERS_BYTES holds two of these
DSS_TOKEN_AHEAD_S: Final = 3_600  # from now to the end of a token at most: one that was stolen is soon worth nothing
DSS_CLOCK_SKEW_S: Final = 5  # between us and who made the token; ASTM F3548-21 allows USSs that much (TimeSyncMax)
DSS_TOKENS_KEPT: Final = 4_096  # verified tokens at hand, the longest unused goes first; about 1 kB each
DSS_NAME_CHARS: Final = 256  # of `sub` and `iss`: the manager's name stands in every reference
DSS_KEYS: Final = 64  # of one source; all of them are tried on a token that names none: some 10 ms
DSS_KEY_BYTES: Final = 256 * 1024  # a file of keys, or what an address of keys answers
DSS_RSA_LEAST_BITS: Final = 2_048  # RFC 7518 3.3
DSS_RSA_MOST_BITS: Final = 8_192  # a larger one takes long to verify with and is in no use
DSS_KEYS_LOOKED_AT_S: Final = 300  # every so often: so long a withdrawn key still counts
DSS_KEYS_AGAIN_S: Final = 15  # instead, while a source does not answer
DSS_KEYS_SOUGHT_S: Final = 10  # at most so often because a token names a key that we do not know
DSS_KEYS_ANSWER_MS: Final = 5_000  # an address of keys; tokens of an unknown key wait for it

# --- requests to the DSS of ASTM F3548-21 -----------------------------------------------------------------------
DSS_POLYGON_KM2: Final = 2_500  # one outline; deployed systems draw the line there, and it is some 2,600 cells
DSS_CIRCLE_KM2: Final = 10_000  # one outline; F3548-21, CstrMaxAreaKm2.  Radius 56.4 km, some 10,000 cells
DSS_OUTLINE_KM: Final = 4_000  # round one polygon: 2,500 km2 as a strip 1.25 km wide; some 8,000 cells
DSS_OUTLINE_UNSEEN_KM: Final = 80_000  # twice round the Earth: whether its edges cross is not asked, in 0.6 s at worst
DSS_VERTICES: Final = 10_000  # of all volumes of one request.  Source: F3548-21, OiMaxVertices
DSS_CELLS: Final = 65_536  # of all volumes of one request, counted for each: 0.1 s to cover, 0.7 MB in one event
DSS_OUTLINES_KEPT: Final = 8_192  # coverings at hand for an outline that comes again: about 2 kB each
DSS_LARGE_OUTLINES_KEPT: Final = 64  # coverings of outlines over 10 km: up to 0.6 MB each
DSS_KEPT_VERTICES: Final = 64  # of such an outline; one that is larger costs more memory than it saves time
DSS_KEPT_CELLS: Final = 128  # of such a covering
DSS_LONG_EDGE_M: Final = 10_000  # a shorter edge differs by less than 1 cm between sphere and ellipsoid
DSS_URL_CHARS: Final = 2_048  # of a base URL
DSS_URLS_KEPT: Final = 1_024  # base URLs that were looked at: each USS sends its own few again and again; 2 MB at most
DSS_OVN_CHARS: Final = (16, 128)  # least and most.  Source: F3548-21, EntityOVN
DSS_SUFFIX_AGE_MS: Final = 300_000  # by which the time in a requested OVN suffix may differ from ours, either way
DSS_REPORT_BYTES: Final = 256 * 1024  # of one exchange reported; with its escapes it is one event
DSS_ENDED_KEPT_LONGEST_S: Final = 56 * 86_400  # what ended, still readable: as long as others keep it by default
DSS_CONNECTIONS: Final = 1_024  # of its door, all clients together; each is an open file, some 30 kB when it rests
DSS_CONNECTIONS_PER_ADDRESS: Final = 768  # of its door and one network address: a proxy, or a USS under load
DSS_UNASKED_BYTES: Final = 8 * 1024 * 1024  # of a body that goes on after its answer: 401 comes before the body is read
DSS_KEEP_ALIVE_S: Final = 75  # a connection that rests; clients keep theirs for a minute and stumble over shorter ones
DSS_PROBLEMS_SHOWN: Final = 32  # of one request
DSS_BODY_BYTES: Final = 4 * 1024 * 1024  # one request; a key of 90,000 OVNs.  Source: deployed systems
DSS_SWEPT: Final = 1_024  # entities let go in one decision, and as many subscriptions: 20 ms, 0.1 MB in one event
DSS_FOUND: Final = 10_000  # entities in one answer, some 5 MB.  Source: deployed systems, which leave the rest out
