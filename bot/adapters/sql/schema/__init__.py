"""The tables, one schema for SQLite and PostgreSQL. Instants are UTC epoch seconds; 0 means never.

What no two appointments may ever do, overlap, is no check of ours: PostgreSQL's exclusion constraint and SQLite's
triggers (both in the first migration) refuse it whoever writes. Every row of ``occupancy`` is therefore time that is
taken now; a hold given back or an appointment cancelled deletes its rows.
"""

from bot.adapters.sql.schema.alerts import alert, alert_address
from bot.adapters.sql.schema.columns import metadata, word
from bot.adapters.sql.schema.devices import alert_device, alert_told
from bot.adapters.sql.schema.diary import (
    LEFT_TO_A_PERSON,
    appointment,
    block,
    follow_up,
    freed_time,
    occupancy,
    patient,
    patient_of_conversation,
    resource,
    waiting_list,
    wish,
)
from bot.adapters.sql.schema.erasure import consent, erasure, erasure_of, leftover
from bot.adapters.sql.schema.mentions import mention
from bot.adapters.sql.schema.reception import (
    draft,
    hand_over,
    label,
    media,
    note,
    patient_merge,
    quick_reply,
    standing_order,
)
from bot.adapters.sql.schema.revisions import flow_file, published, revision
from bot.adapters.sql.schema.sent_files import sent_file
from bot.adapters.sql.schema.staff import (
    audit,
    staff_account,
    staff_browser,
    staff_link,
    staff_recovery_code,
    staff_session,
    staff_wait,
)
from bot.adapters.sql.schema.turns import (
    NEEDS_A_PERSON,
    UNDELIVERED,
    UNFINISHED,
    channel,
    conversation,
    inbound,
    installation,
    journal,
    looked,
    outbox,
    send_attempt,
    template,
)

__all__ = [
    "LEFT_TO_A_PERSON",
    "NEEDS_A_PERSON",
    "UNDELIVERED",
    "UNFINISHED",
    "alert",
    "alert_address",
    "alert_device",
    "alert_told",
    "appointment",
    "audit",
    "block",
    "channel",
    "consent",
    "conversation",
    "draft",
    "erasure",
    "erasure_of",
    "flow_file",
    "follow_up",
    "freed_time",
    "hand_over",
    "inbound",
    "installation",
    "journal",
    "label",
    "leftover",
    "looked",
    "media",
    "mention",
    "metadata",
    "note",
    "occupancy",
    "outbox",
    "patient",
    "patient_merge",
    "patient_of_conversation",
    "published",
    "quick_reply",
    "resource",
    "revision",
    "send_attempt",
    "sent_file",
    "staff_account",
    "staff_browser",
    "staff_link",
    "staff_recovery_code",
    "staff_session",
    "staff_wait",
    "standing_order",
    "template",
    "waiting_list",
    "wish",
    "word",
]
