//! Every address of the API: how it is asked, what it answers, how it refuses. One row each; [`crate::openapi`] makes the
//! description of it, and the server's tests hold the routes against it.

use crate::analysis::{AnalysisResponse, QuestionRequest, QuestionsResponse, SqlRequest};
use crate::cells::{CellsHistoryRequest, CellsHistoryResponse, CellsResponse};
use crate::devices::{DevicesRequest, DevicesResponse, KeptDevicesResponse};
use crate::history::{HistoryDocument, HistoryRequest};
use crate::home::{HomeRequest, HomeResponse};
use crate::lab::{LabCommandForm, LabRequest, LabResponse};
use crate::links::{FramesResponse, LinksResponse};
use crate::playback::{SeekRequest, SeekTarget, SegmentRequest};
use crate::recordings::{RecordingResponse, RecordingsResponse};
use crate::series::{SeriesRequest, SeriesResponse};
use crate::server::{ServerResponse, VersionResponse};
use crate::state::{StateRequest, StateResponse};
use crate::victron::{CurrentResponse, HealthResponse, HistoryQuery, HistoryResponse};
use schemars::{JsonSchema, Schema, SchemaGenerator};

/// The binary form, for the page.
pub const OCTETS: &str = "application/octet-stream";
const CSV: &str = "text/csv";
const PARQUET: &str = "application/vnd.apache.parquet";
const TEXT: &str = "text/plain";
const JSON: &str = "application/json";
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
const RECORDING: [&str; 3] = ["name", "The file's name.", "bms-2026-11-20T130000Z.log"];
/// Who asks for what a system keeps: not there, not understood, no room or no history now.
const ASKED: &[u16] = &[404, 422, 503];

/// Every operation, in the order of the description.
pub const OPERATIONS: &[Operation] = &[
    get("/api/v1/state", "state", "Points, alarms and cell statistics of a system, now or at an instant of the past.")
        .query::<StateRequest>()
        .json::<StateResponse>()
        .errors(ASKED),
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
        .in_path(RECORDING)
        .status(204)
        .errors(&[404, 409, 500, 507]),
    get("/api/v1/lab", "lab", "What the simulation of a system is doing.")
        .query::<LabRequest>()
        .json::<LabResponse>()
        .other(&[OCTETS])
        .errors(&[404, 422]),
    post("/api/v1/lab", "lab_command", "Does something to the simulation of a system.")
        .body::<LabCommandForm>(&[FORM])
        .json::<LabResponse>()
        .other(&[OCTETS])
        .errors(&[404, 415, 422]),
    get("/api/v1/server", "server", "Who is connected, what the limits are, what was refused.")
        .json::<ServerResponse>(),
    get("/api/v1/version", "version", "Which build the server is, and the formats that it speaks.")
        .json::<VersionResponse>(),
    get("/api/openapi.json", "openapi", "This description.").other(&[JSON]),
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
    get("/healthz", "healthz", "Whether the process answers.").other(&[TEXT]),
    get("/readyz", "readyz", "Whether every link is up and history is written; if not, what is not, with status 503.")
        .other(&[TEXT])
        .errors(&[503]),
];
