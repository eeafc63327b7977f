//! Every address of the API: how it is asked, what it answers, how it refuses. One row each; [`crate::openapi`] makes the
//! description of it, and the server's tests hold the routes against it.

use crate::alarms::{
    AcknowledgeAllRequest, AcknowledgeRequest, AlarmFiguresResponse, AlarmHistoryResponse, AlarmPeriodRequest,
    AlarmsChangedResponse, AlarmsRequest, AlarmsResponse, NamedAlarmsRequest, ShelveRequest,
};
use crate::analysis::{AnalysisResponse, QuestionRequest, QuestionsResponse, SqlRequest};
use crate::cells::{CellsHistoryRequest, CellsHistoryResponse, CellsResponse};
use crate::control::{
    CommandHistoryResponse, CommandRequest, CommandResponse, CommandsRequest, CommandsResponse, ControlRequest,
    ControlResponse, SafeValuesRequest,
};
use crate::devices::{DevicesRequest, DevicesResponse, KeptDevicesResponse};
use crate::flight::{FlightRequest, FlightResponse};
use crate::history::{HistoryDocument, HistoryRequest};
use crate::home::{HomeRequest, HomeResponse};
use crate::lab::{LabCommandForm, LabRequest, LabResponse};
use crate::links::{FramesResponse, LinksResponse};
use crate::people::{
    ArmingRequest, ArmingResponse, AuditChainRequest, AuditChainResponse, AuditLinesRequest, AuditRequest,
    AuditResponse, NewTokenResponse, PasswordRequest, SessionResponse, SessionsRequest, SessionsResponse, SetupRequest,
    SignInRequest, StepUpRequest, TokenRequest, TokensResponse, UserChangeRequest, UserRequest, UsersResponse,
};
use crate::playback::{SeekRequest, SeekTarget, SegmentRequest};
use crate::recordings::{RecordingResponse, RecordingsResponse};
use crate::series::{SeriesRequest, SeriesResponse};
use crate::server::{ServerResponse, VersionResponse};
use crate::state::{StateRequest, StateResponse};
use crate::victron::{CurrentResponse, HealthResponse, HistoryQuery, HistoryResponse};
use domain::people::action::Action;
use schemars::{JsonSchema, Schema, SchemaGenerator};

/// The binary form, for the page.
pub const OCTETS: &str = "application/octet-stream";
const CSV: &str = "text/csv";
const PARQUET: &str = "application/vnd.apache.parquet";
const TEXT: &str = "text/plain";
const JSON: &str = "application/json";
const JSON_LINES: &str = "application/jsonl";
const FORM: &str = "application/x-www-form-urlencoded";

/// What makes the schema of a type.
pub type SchemaOf = fn(&mut SchemaGenerator) -> Schema;

fn of<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}

/// A method of HTTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Method {
    /// Reads.
    Get,
    /// Does something.
    Post,
    /// Removes something.
    Delete,
}

impl Method {
    /// As it is written in a request.
    pub fn name(self) -> &'static str {
        match self {
            Method::Get => "GET",
            Method::Post => "POST",
            Method::Delete => "DELETE",
        }
    }
}

/// What somebody who asks needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// Nothing: it is about who they are, or it says nothing of the site.
    Nothing,
    /// Leave to do this.
    Leave(Action),
}

/// One method of one address.
#[derive(Clone, Copy)]
pub struct Operation {
    /// The method.
    pub method: Method,
    /// The address: `/api/v1/links/{id}/frames`.
    pub path: &'static str,
    /// A name for programs: `link_frames`.
    pub id: &'static str,
    /// What it is, in some words.
    pub summary: &'static str,
    /// What who asks needs. What changes something needs the most, until its row says what.
    pub needs: Needs,
    /// The part in braces of the address: name, what it is, an example.
    pub in_path: Option<[&'static str; 3]>,
    /// The part after the question mark, field by field.
    pub query: Option<SchemaOf>,
    /// The body: its media types and its schema.
    pub body: Option<(&'static [&'static str], SchemaOf)>,
    /// The status of an answer that went well.
    pub status: u16,
    /// The answer in JSON.
    pub json: Option<SchemaOf>,
    /// Other media types of the answer: files, texts, the page's binary form.
    pub other: &'static [&'static str],
    /// The statuses with which it refuses.
    pub errors: &'static [u16],
    /// The address that took its place, if it stays only for programs that know it.
    pub replaced_by: Option<&'static str>,
}

impl Operation {
    const fn new(method: Method, path: &'static str, id: &'static str, summary: &'static str) -> Operation {
        Operation {
            method,
            path,
            id,
            summary,
            needs: match method {
                Method::Get => Needs::Leave(Action::Read),
                Method::Post | Method::Delete => Needs::Leave(Action::ManageUsers),
            },
            in_path: None,
            query: None,
            body: None,
            status: 200,
            json: None,
            other: &[],
            errors: &[],
            replaced_by: None,
        }
    }

    const fn needs(self, action: Action) -> Operation {
        Operation { needs: Needs::Leave(action), ..self }
    }

    const fn needs_nothing(self) -> Operation {
        Operation { needs: Needs::Nothing, ..self }
    }

    const fn in_path(self, part: [&'static str; 3]) -> Operation {
        Operation { in_path: Some(part), ..self }
    }

    const fn query<T: JsonSchema>(self) -> Operation {
        Operation { query: Some(of::<T>), ..self }
    }

    const fn body<T: JsonSchema>(self, media: &'static [&'static str]) -> Operation {
        Operation { body: Some((media, of::<T>)), ..self }
    }

    const fn json<T: JsonSchema>(self) -> Operation {
        Operation { json: Some(of::<T>), ..self }
    }

    const fn other(self, media: &'static [&'static str]) -> Operation {
        Operation { other: media, ..self }
    }

    const fn status(self, status: u16) -> Operation {
        Operation { status, ..self }
    }

    const fn errors(self, errors: &'static [u16]) -> Operation {
        Operation { errors, ..self }
    }

    const fn replaced_by(self, path: &'static str) -> Operation {
        Operation { replaced_by: Some(path), ..self }
    }
}

const fn get(path: &'static str, id: &'static str, summary: &'static str) -> Operation {
    Operation::new(Method::Get, path, id, summary)
}

const fn post(path: &'static str, id: &'static str, summary: &'static str) -> Operation {
    Operation::new(Method::Post, path, id, summary)
}

const fn delete(path: &'static str, id: &'static str, summary: &'static str) -> Operation {
    Operation::new(Method::Delete, path, id, summary)
}

const LINK: [&str; 3] = ["id", "The link's id.", "bms"];
const COMMAND: [&str; 3] = ["id", "The command's id.", "018f2c1e-7c1a-7b3e-9d51-0a2f6c1b7e44"];
const SESSION: [&str; 3] = ["id", "The session's number.", "2"];
const USER: [&str; 3] = ["name", "The account's name.", "timo"];
const TOKEN: [&str; 3] = ["id", "The token's number.", "1"];
const RECORDING: [&str; 3] = ["name", "The file's name.", "bms-2026-11-20T130000Z.log"];
/// Who asks for what a system keeps: not there, not understood, no room or no history now.
const ASKED: &[u16] = &[404, 422, 503];
/// Who does something about alarms: besides, no JSON, not now, not recorded.
const ANSWERED: &[u16] = &[400, 404, 409, 415, 422, 503, 507];
/// The same, and too often.
const ORDERED: &[u16] = &[400, 404, 409, 415, 422, 429, 503, 507];

/// Every operation, in the order of the description.
pub const OPERATIONS: &[Operation] = &[
    get("/api/v1/state", "state", "Points, alarms and cell statistics of a system, now or at an instant of the past.")
        .query::<StateRequest>()
        .json::<StateResponse>()
        .errors(ASKED),
    get(
        "/api/v1/alarms",
        "alarms",
        "Alarms of a system that are not normal, or shelved, with who did what about each.",
    )
    .query::<AlarmsRequest>()
    .json::<AlarmsResponse>()
    .other(&[OCTETS])
    .errors(ASKED),
    get("/api/v1/alarms/history", "alarm_history", "Alarms of a system that ended in a period, the newest first.")
        .query::<AlarmPeriodRequest>()
        .json::<AlarmHistoryResponse>()
        .other(&[OCTETS])
        .errors(ASKED),
    get(
        "/api/v1/alarms/figures",
        "alarm_figures",
        "Figures of a period: alarms a day, floods, standing and chattering ones, and how soon they were acknowledged.",
    )
    .query::<AlarmPeriodRequest>()
    .json::<AlarmFiguresResponse>()
    .other(&[OCTETS])
    .errors(ASKED),
    post(
        "/api/v1/alarms/acknowledge",
        "acknowledge_alarms",
        "Says that alarms were seen: answers when it is recorded.",
    )
    .needs(Action::AcknowledgeAlarms)
    .body::<AcknowledgeRequest>(&[JSON])
    .json::<AlarmsChangedResponse>()
    .errors(ANSWERED),
    post("/api/v1/alarms/acknowledge-all", "acknowledge_all_alarms", "Says that all alarms that were shown were seen.")
        .needs(Action::AcknowledgeAlarms)
        .body::<AcknowledgeAllRequest>(&[JSON])
        .json::<AlarmsChangedResponse>()
        .errors(ANSWERED),
    post("/api/v1/alarms/reset", "reset_alarms", "Releases latched alarms that are over and acknowledged.")
        .needs(Action::ResetAlarms)
        .body::<NamedAlarmsRequest>(&[JSON])
        .json::<AlarmsChangedResponse>()
        .errors(ORDERED),
    post("/api/v1/alarms/shelve", "shelve_alarms", "Puts alarms aside for a time, with a reason.")
        .needs(Action::ShelveAlarms)
        .body::<ShelveRequest>(&[JSON])
        .json::<AlarmsChangedResponse>()
        .errors(ORDERED),
    post("/api/v1/alarms/unshelve", "unshelve_alarms", "Takes alarms off the shelf.")
        .needs(Action::ShelveAlarms)
        .body::<NamedAlarmsRequest>(&[JSON])
        .json::<AlarmsChangedResponse>()
        .errors(ORDERED),
    get("/api/v1/cells", "cells", "Every cell of a system, now or at an instant of the past.")
        .query::<StateRequest>()
        .json::<CellsResponse>()
        .errors(ASKED),
    get("/api/v1/devices", "devices", "The points that a system's devices have of their own, with unit, step and age.")
        .query::<DevicesRequest>()
        .json::<DevicesResponse>()
        .other(&[OCTETS])
        .errors(ASKED),
    get("/api/v1/devices/history", "kept_devices", "The points that only history knows: no device has them any more.")
        .query::<DevicesRequest>()
        .json::<KeptDevicesResponse>()
        .other(&[OCTETS])
        .errors(ASKED),
    get("/api/v1/series", "series", "Points and a cell of the last ten minutes.")
        .query::<SeriesRequest>()
        .json::<SeriesResponse>()
        .other(&[OCTETS])
        .errors(ASKED),
    get("/api/v1/history", "history", "Any range of the past: from as few points as a picture has pixels.")
        .query::<HistoryRequest>()
        .json::<HistoryDocument>()
        .other(&[OCTETS])
        .errors(ASKED),
    get("/api/v1/history.csv", "history_csv", "Every row of a range, as comma-separated values.")
        .query::<HistoryRequest>()
        .other(&[CSV])
        .errors(ASKED),
    get("/api/v1/history.parquet", "history_parquet", "Every row of a range, as a Parquet file: up to 700 000.")
        .query::<HistoryRequest>()
        .other(&[PARQUET])
        .errors(&[404, 422, 500, 503]),
    get("/api/v1/cells/history", "cells_history", "Every cell over time, one value a cell and step.")
        .query::<CellsHistoryRequest>()
        .json::<CellsHistoryResponse>()
        .other(&[OCTETS])
        .errors(ASKED),
    get("/api/v1/home", "home", "The past of a house: curves, energy of the day, and the charge by our own count.")
        .query::<HomeRequest>()
        .json::<HomeResponse>()
        .other(&[OCTETS])
        .errors(&[404, 422, 500]),
    get("/api/v1/playback/frames", "playback_segment", "A segment of the past as frames of the live stream.")
        .query::<SegmentRequest>()
        .other(&[OCTETS])
        .errors(ASKED),
    get("/api/v1/playback/film", "playback_film", "A segment of the past, by its old address.")
        .query::<SegmentRequest>()
        .other(&[OCTETS])
        .errors(ASKED)
        .replaced_by("/api/v1/playback/frames"),
    get("/api/v1/playback/jump", "playback_seek", "The next alarm or sag, or where cells are furthest apart.")
        .query::<SeekRequest>()
        .json::<SeekTarget>()
        .other(&[OCTETS])
        .errors(ASKED),
    get("/api/v1/analysis/questions", "questions", "The ready questions, and whether SQL can be asked.")
        .json::<QuestionsResponse>()
        .other(&[OCTETS]),
    get("/api/v1/analysis/questions/{id}", "question", "The answer to a ready question.")
        .in_path(["id", "The question's id.", "energy"])
        .query::<QuestionRequest>()
        .json::<AnalysisResponse>()
        .other(&[OCTETS])
        .errors(&[404, 422, 500, 503]),
    post("/api/v1/analysis/sql", "sql", "One SELECT over history. The connection's end is the query's end.")
        .needs(Action::Read)
        .body::<SqlRequest>(&[JSON, FORM])
        .json::<AnalysisResponse>()
        .other(&[CSV, PARQUET, OCTETS])
        .errors(&[400, 404, 415, 422, 429, 500, 503, 504, 507]),
    get("/api/v1/links", "links", "Every link: state, rates, faults.").json::<LinksResponse>(),
    get("/api/v1/links/{id}/frames", "link_frames", "What a link last received, raw beside decoded.")
        .in_path(LINK)
        .json::<FramesResponse>()
        .other(&[OCTETS])
        .errors(&[404]),
    post("/api/v1/links/{id}/recording", "start_recording", "Starts a recording of a CAN link.")
        .needs(Action::Record)
        .in_path(LINK)
        .status(201)
        .json::<RecordingResponse>()
        .other(&[OCTETS])
        .errors(&[404, 409, 422, 429, 500, 507]),
    get("/api/v1/links/{id}/recording", "recording", "How the recording of a link does.")
        .in_path(LINK)
        .json::<RecordingResponse>()
        .other(&[OCTETS])
        .errors(&[404]),
    delete("/api/v1/links/{id}/recording", "stop_recording", "Stops the recording of a link; its file stays.")
        .needs(Action::Record)
        .in_path(LINK)
        .json::<RecordingResponse>()
        .other(&[OCTETS])
        .errors(&[404]),
    get("/api/v1/recordings", "recordings", "Every recording that is kept.")
        .json::<RecordingsResponse>()
        .errors(&[500]),
    get("/api/v1/recordings/{name}", "download_recording", "A recording, as a candump log.")
        .in_path(RECORDING)
        .other(&[OCTETS])
        .errors(&[404, 503]),
    delete("/api/v1/recordings/{name}", "remove_recording", "Removes a recording.")
        .needs(Action::Record)
        .in_path(RECORDING)
        .status(204)
        .errors(&[404, 409, 500, 507]),
    get("/api/v1/lab", "lab", "What the simulation of a system is doing.")
        .query::<LabRequest>()
        .json::<LabResponse>()
        .other(&[OCTETS])
        .errors(&[404, 422]),
    post("/api/v1/lab", "lab_command", "Does something to the simulation of a system.")
        .needs(Action::UseLab)
        .body::<LabCommandForm>(&[FORM])
        .json::<LabResponse>()
        .other(&[OCTETS])
        .errors(&[404, 415, 422]),
    get(
        "/api/v1/server",
        "server",
        "Who is connected, what the limits are, what was refused, and how it is protected.",
    )
    .json::<ServerResponse>()
    .other(&[OCTETS]),
    get("/api/v1/version", "version", "Which build the server is, and the formats that it speaks.")
        .needs_nothing()
        .json::<VersionResponse>(),
    get("/api/openapi.json", "openapi", "This description.").other(&[JSON]),
    get("/api/v1/session", "session", "Who is signed in, what they may do, and whether control is armed.")
        .needs_nothing()
        .json::<SessionResponse>()
        .other(&[OCTETS])
        .errors(&[401, 503]),
    post("/api/v1/session", "sign_in", "Signs in: the answer sets a cookie. Tries are limited.")
        .needs_nothing()
        .body::<SignInRequest>(&[JSON])
        .json::<SessionResponse>()
        .errors(&[400, 401, 403, 415, 422, 429, 503]),
    delete("/api/v1/session", "sign_out", "Signs out: the session ends.").needs_nothing().status(204).errors(&[503]),
    post(
        "/api/v1/session/step-up",
        "step_up",
        "The password once more, for what needs it: the answer sets a new cookie.",
    )
    .needs(Action::OwnAccount)
    .body::<StepUpRequest>(&[JSON])
    .json::<SessionResponse>()
    .errors(&[400, 415, 422, 429, 503]),
    post("/api/v1/setup", "setup", "Makes the first admin of a site without accounts, and signs them in.")
        .needs_nothing()
        .body::<SetupRequest>(&[JSON])
        .status(201)
        .json::<SessionResponse>()
        .errors(&[400, 401, 403, 409, 415, 422, 429, 503]),
    post("/api/v1/password", "password", "Another password for the own account: its other sessions end.")
        .needs(Action::OwnAccount)
        .body::<PasswordRequest>(&[JSON])
        .json::<SessionResponse>()
        .errors(&[400, 415, 422, 429, 503]),
    get("/api/v1/sessions", "sessions", "The sessions of the own account, or of all.")
        .needs(Action::OwnAccount)
        .query::<SessionsRequest>()
        .json::<SessionsResponse>()
        .other(&[OCTETS])
        .errors(&[422, 503]),
    delete("/api/v1/sessions/{id}", "end_session", "Ends a session: of the own account, or, by an admin, of any.")
        .needs(Action::OwnAccount)
        .in_path(SESSION)
        .status(204)
        .errors(&[404, 503]),
    get("/api/v1/users", "users", "Every account.")
        .needs(Action::ListPeople)
        .json::<UsersResponse>()
        .other(&[OCTETS])
        .errors(&[503]),
    post("/api/v1/users", "add_user", "Makes an account.")
        .needs(Action::ManageUsers)
        .body::<UserRequest>(&[JSON])
        .status(201)
        .json::<UsersResponse>()
        .errors(&[400, 409, 415, 422, 503]),
    post("/api/v1/users/{name}", "change_user", "Gives an account another role or password: its sessions end.")
        .needs(Action::ManageUsers)
        .in_path(USER)
        .body::<UserChangeRequest>(&[JSON])
        .json::<UsersResponse>()
        .errors(&[400, 404, 409, 415, 422, 503]),
    delete("/api/v1/users/{name}", "remove_user", "Removes an account, with its sessions and the tokens that it made.")
        .needs(Action::ManageUsers)
        .in_path(USER)
        .status(204)
        .errors(&[404, 409, 503]),
    get("/api/v1/tokens", "tokens", "Every token of programs.")
        .needs(Action::ListPeople)
        .json::<TokensResponse>()
        .other(&[OCTETS])
        .errors(&[503]),
    post("/api/v1/tokens", "add_token", "Makes a token for a program: it is shown this once.")
        .needs(Action::ManageTokens)
        .body::<TokenRequest>(&[JSON])
        .status(201)
        .json::<NewTokenResponse>()
        .errors(&[400, 409, 415, 422, 503]),
    delete("/api/v1/tokens/{id}", "end_token", "Ends a token.")
        .needs(Action::ManageTokens)
        .in_path(TOKEN)
        .status(204)
        .errors(&[404, 503]),
    get("/api/v1/arming", "arming", "Whether operators may command, since when, and by whom.")
        .json::<ArmingResponse>()
        .other(&[OCTETS])
        .errors(&[503]),
    post(
        "/api/v1/arming",
        "arm",
        "Says whether operators may command: yes by an admin with their password, no by anyone.",
    )
    .needs(Action::Disarm)
    .body::<ArmingRequest>(&[JSON])
    .json::<ArmingResponse>()
    .errors(&[400, 415, 422, 503]),
    get(
        "/api/v1/control",
        "control",
        "What of a system can be commanded, what it is set to, and what stands against it.",
    )
    .query::<ControlRequest>()
    .json::<ControlResponse>()
    .other(&[OCTETS])
    .errors(ASKED),
    post(
        "/api/v1/flight",
        "flight",
        "What values of controls would bring, run forward from the live cells. Sends nothing.",
    )
    .needs(Action::Read)
    .body::<FlightRequest>(&[JSON])
    .json::<FlightResponse>()
    .other(&[OCTETS])
    .errors(&[400, 404, 415, 422, 503]),
    post("/api/v1/commands", "command", "Changes a control: answers when it is recorded, or says why it is refused.")
        .needs(Action::Tighten)
        .body::<CommandRequest>(&[JSON])
        .status(202)
        .json::<CommandResponse>()
        .errors(&[400, 404, 409, 415, 422, 429, 503, 507]),
    post("/api/v1/commands/safe-values", "safe_values", "Returns every control of a system to its safe value.")
        .needs(Action::SafeValues)
        .body::<SafeValuesRequest>(&[JSON])
        .json::<CommandsResponse>()
        .errors(&[400, 404, 409, 415, 422, 429, 503, 507]),
    get("/api/v1/commands", "commands", "What was commanded, and what became of it, newest first.")
        .query::<CommandsRequest>()
        .json::<CommandsResponse>()
        .other(&[OCTETS])
        .errors(&[422, 503]),
    get("/api/v1/commands/{id}", "command_history", "A command with each of its steps.")
        .in_path(COMMAND)
        .json::<CommandHistoryResponse>()
        .other(&[OCTETS])
        .errors(&[404, 503]),
    get("/api/v1/audit", "audit", "What was done, by whom, from where: in pages, newest first.")
        .needs(Action::ReadAudit)
        .query::<AuditRequest>()
        .json::<AuditResponse>()
        .other(&[OCTETS])
        .errors(&[422, 503]),
    get("/api/v1/audit.jsonl", "audit_lines", "The audit as it is hashed, oldest first: a line for each entry.")
        .needs(Action::ReadAudit)
        .query::<AuditLinesRequest>()
        .other(&[JSON_LINES])
        .errors(&[422, 503]),
    get("/api/v1/audit/chain", "audit_chain", "The end of the audit's chain, and whether all of it holds.")
        .needs(Action::ReadAudit)
        .query::<AuditChainRequest>()
        .json::<AuditChainResponse>()
        .other(&[OCTETS])
        .errors(&[422, 503]),
    get("/victron/battery/current", "victron_current", "The battery as a Victron GX says it: charging is positive.")
        .json::<CurrentResponse>()
        .errors(&[404, 503]),
    get("/victron/battery/history", "victron_history", "Readings of the last hours, evenly thinned.")
        .query::<HistoryQuery>()
        .json::<HistoryResponse>()
        .errors(&[404, 422, 500, 503]),
    get("/victron/health", "victron_health", "How the link to the Victron GX does.")
        .json::<HealthResponse>()
        .errors(&[404, 500]),
    get("/healthz", "healthz", "Whether the process answers.").other(&[TEXT]).needs_nothing(),
    get(
        "/readyz",
        "readyz",
        "Whether every link is up and history is written; if not, 503, and what is not to who may read.",
    )
    .other(&[TEXT])
    .errors(&[503])
    .needs_nothing(),
];
