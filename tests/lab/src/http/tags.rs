//! The REST interface of a vCenter, as far as tags go, in both of its spellings.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use super::App;
use super::gate::credentials;
use super::sdk::text;
use crate::core::Core;
use crate::{LabTag, Shape, TagApi, soap};

const SESSION: &str = "vmware-api-session-id";

pub(crate) async fn request(
    State(app): State<App>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let core = &app.core;
    let older = uri.path().strip_prefix("/rest/com/vmware/");
    let (wrapped, path) = if let Some(path) = older {
        (true, path.to_owned())
    } else {
        let path = uri.path().strip_prefix("/api/").unwrap_or_default();
        (false, if path == "session" { "cis/session".to_owned() } else { path.to_owned() })
    };
    let offered = match core.options.tag_api {
        TagApi::Api | TagApi::Forbidden => !wrapped,
        TagApi::Rest => wrapped,
        TagApi::Absent => false,
    };
    if core.shape != Shape::Vcenter || !offered {
        return StatusCode::NOT_FOUND.into_response();
    }
    core.stats.call(&format!("{method} {path}").chars().take(60).collect::<String>());
    let answer = if path == "cis/session" {
        session(core, &method, &headers)
    } else {
        let token = headers.get(SESSION).and_then(|value| value.to_str().ok());
        let known = token.is_some_and(|token| core.world().sessions.contains_key(token));
        match (known, core.options.tag_api) {
            (false, _) => Err(StatusCode::UNAUTHORIZED),
            (true, TagApi::Forbidden) => Err(StatusCode::FORBIDDEN),
            (true, _) => tagging(core, &method, &path, uri.query().unwrap_or_default(), &body),
        }
    };
    match answer {
        Ok(answer) if wrapped => Json(json!({ "value": answer })).into_response(),
        Ok(answer) => Json(answer).into_response(),
        Err(status) => status.into_response(),
    }
}

fn session(
    core: &std::sync::Arc<Core>,
    method: &Method,
    headers: &HeaderMap,
) -> Result<Value, StatusCode> {
    if method == Method::DELETE {
        let token = headers.get(SESSION).and_then(|value| value.to_str().ok());
        soap::end_session(core, token.ok_or(StatusCode::UNAUTHORIZED)?);
        return Ok(Value::Null);
    }
    let agent = text(headers, header::USER_AGENT).unwrap_or_default();
    let basic = text(headers, header::AUTHORIZATION);
    let given = basic.as_deref().and_then(credentials).ok_or(StatusCode::UNAUTHORIZED)?;
    let token = soap::login_basic(core, &given.0, &given.1, &agent);
    token.map(Value::from).ok_or(StatusCode::UNAUTHORIZED)
}

fn tag_id(at: usize) -> String {
    format!("urn:vmomi:InventoryServiceTag:{at}:GLOBAL")
}

fn category_id(name: &str) -> String {
    format!("urn:vmomi:InventoryServiceCategory:{name}:GLOBAL")
}

fn tagging(
    core: &Core,
    method: &Method,
    path: &str,
    query: &str,
    body: &[u8],
) -> Result<Value, StatusCode> {
    let tags = &core.options.tags;
    let path = path.strip_prefix("cis/tagging/").ok_or(StatusCode::NOT_FOUND)?;
    let (kind, id) = path.split_once('/').unwrap_or((path, ""));
    let id = percent_decode_str(id).decode_utf8().map_err(|_| StatusCode::BAD_REQUEST)?;
    let id = id.strip_prefix("id:").unwrap_or(&id);
    let found = |(at, tag): (usize, &LabTag)| (tag_id(at) == *id).then(|| (at, tag.clone()));
    match (method, kind, id) {
        (&Method::GET, "tag", "") => Ok((0..tags.len()).map(tag_id).collect()),
        (&Method::GET, "tag", _) => {
            let (at, tag) = tags.iter().enumerate().find_map(found).ok_or(StatusCode::NOT_FOUND)?;
            Ok(json!({ "id": tag_id(at), "name": tag.name, "description": "", "used_by": [],
                "category_id": category_id(&tag.category) }))
        }
        (&Method::GET, "category", _) => {
            let tag = tags.iter().find(|tag| category_id(&tag.category) == *id);
            let tag = tag.ok_or(StatusCode::NOT_FOUND)?;
            Ok(json!({ "id": id, "name": tag.category, "description": "", "used_by": [],
                "cardinality": "MULTIPLE", "associable_types": ["VirtualMachine"] }))
        }
        (&Method::POST, "tag-association", "")
            if query.ends_with("action=list-attached-objects-on-tags") =>
        {
            attached(core, body)
        }
        (&Method::POST, "tag-association", "") if query.ends_with("action=list-attached-tags") => {
            let vm = object(body)?;
            Ok((0..tags.len()).filter(|at| carries(core, *at, &vm)).map(tag_id).collect())
        }
        (&Method::POST, "tag-association", _) if query.ends_with("action=attach") => {
            let (at, _) = tags.iter().enumerate().find_map(found).ok_or(StatusCode::NOT_FOUND)?;
            let vm = object(body)?;
            core.world().tagged.push((at, vm));
            Ok(Value::Null)
        }
        _ => Err(StatusCode::NOT_FOUND),
    }
}

/// Returns the id of the VM that a request is about.
fn object(body: &[u8]) -> Result<String, StatusCode> {
    let asked: Value = serde_json::from_slice(body).map_err(|_| StatusCode::BAD_REQUEST)?;
    let object = &asked["object_id"];
    if object["type"] != "VirtualMachine" {
        return Err(StatusCode::BAD_REQUEST);
    }
    object["id"].as_str().map(str::to_owned).ok_or(StatusCode::BAD_REQUEST)
}

/// Returns whether a VM has a tag: from the beginning, or attached since.
fn carries(core: &Core, at: usize, vm: &str) -> bool {
    let world = core.world();
    let name = world.vms.get(vm).map(|vm| vm.state.conf.name.as_str());
    let first = core.options.tags.get(at);
    first.is_some_and(|tag| tag.vms.iter().any(|v| Some(v.as_str()) == name))
        || world.tagged.iter().any(|(tag, of)| *tag == at && of == vm)
}

fn attached(core: &Core, body: &[u8]) -> Result<Value, StatusCode> {
    let asked: Value = serde_json::from_slice(body).map_err(|_| StatusCode::BAD_REQUEST)?;
    let asked = asked["tag_ids"].as_array().ok_or(StatusCode::BAD_REQUEST)?.clone();
    let world = core.world();
    let of = |id: &Value| {
        let tags = core.options.tags.iter().enumerate();
        let tag = tags.filter(|(at, _)| tag_id(*at) == *id).map(|(_, tag)| tag).next();
        let vms = tag.map(|tag| tag.vms.clone()).unwrap_or_default();
        let first = vms.iter().filter_map(|name| world.vm_named(name)).map(|vm| &vm.state.id);
        let since = world.tagged.iter().filter(|(at, _)| tag_id(*at) == *id).map(|(_, vm)| vm);
        let objects: Vec<Value> =
            first.chain(since).map(|vm| json!({ "id": vm, "type": "VirtualMachine" })).collect();
        json!({ "tag_id": id, "object_ids": objects })
    };
    Ok(asked.iter().map(of).collect())
}

/// Returns the category and name of each tag of a VM.
pub(crate) fn tags_of(core: &Core, vm: &str) -> Vec<(String, String)> {
    let id = core.world().vm_named(vm).map(|vm| vm.state.id.clone()).unwrap_or_default();
    let tags = core.options.tags.iter().enumerate();
    let of = tags.filter(|(at, _)| carries(core, *at, &id));
    of.map(|(_, tag)| (tag.category.clone(), tag.name.clone())).collect()
}
