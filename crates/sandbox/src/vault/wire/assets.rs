//! Records of assets and containers, their types, and who is signed in.

use serde_json::{Map, Value, json};

use super::super::SITE;
use super::super::entities::{CONTAINER, RecordAnswer};
use super::super::id::Id;
use super::super::options::AssetPath;
use super::super::records::Right;
use super::super::refusal::Refusal;
use super::super::seed;
use super::super::state::Vault;
use super::Reply;
use super::routes::Place;
use crate::random::Random;

/// The record of an asset or a container. It never has a secret in it.
pub(crate) fn record(vault: &Vault, user: usize, place: &Place) -> Result<Reply, Refusal> {
    if !vault.may(user, Right::ReadAssets) {
        return Err(Refusal::unauthorized("this user may not read assets"));
    }
    let number = vault
        .asset(place.part(0))
        .ok_or_else(|| Refusal::unknown("asset"))?;
    let asset = vault
        .assets
        .get(number)
        .ok_or_else(|| Refusal::unknown("asset"))?;
    match asset.record {
        RecordAnswer::Full => {}
        RecordAnswer::Unauthorized => {
            return Err(Refusal::unauthorized("this user may not read this asset"));
        }
        RecordAnswer::Broken => {
            return Err(Refusal::workflow(
                "SIM-BROKEN",
                "this record cannot be read",
            ));
        }
    }
    let tags: Vec<Value> = asset
        .tags
        .iter()
        .map(|path| json!({ "id": id_of(path), "path": path }))
        .collect();
    let parent = asset.parent.and_then(|parent| vault.assets.get(parent));
    let mut record = Map::new();
    let mut put = |key: &str, value: Value| {
        record.insert(key.to_owned(), value);
    };
    put("id", json!(asset.id.to_string()));
    put("name", json!(asset.name));
    put(
        "type",
        json!({ "id": id_of(asset.kind), "name": asset.kind }),
    );
    put(
        "parent",
        parent.map_or(
            Value::Null,
            |parent| json!({ "id": parent.id.to_string(), "name": parent.name }),
        ),
    );
    // With the switch, only containers tell their path: that is what the second call is for.
    if vault.options.asset_path == AssetPath::Full || asset.kind == CONTAINER {
        put("path", json!(vault.path(number)));
    }
    put("tags", json!(tags));
    put("fields", fields(number, asset.kind));
    Ok(Reply::json(200, &Value::Object(record)))
}

fn fields(number: usize, kind: &str) -> Value {
    let host = format!(
        "10.{}.{}.{}",
        20 + number / 65_536,
        number / 256 % 256,
        number % 256
    );
    match kind {
        "Windows Host" => json!({ "Host": host, "Port": "3389", "User": "Administrator" }),
        "Unix Host" | "Network Appliance" => json!({ "Host": host, "Port": "22", "User": "root" }),
        "Database" => json!({ "Host": host, "Port": "5432", "User": "postgres" }),
        _ => json!({}),
    }
}

/// An id that belongs to a name: FNV-1a, then the generator.
fn id_of(name: &str) -> String {
    let hash = name.bytes().fold(0xCBF2_9CE4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3)
    });
    Id::next(&mut Random::new(hash)).to_string()
}

/// Types that a container may hold.
pub(crate) fn list_types(vault: &Vault, place: &Place) -> Result<Reply, Refusal> {
    vault
        .asset(place.part(0))
        .ok_or_else(|| Refusal::unknown("container"))?;
    let types: Vec<Value> = seed::type_names()
        .iter()
        .map(|name| json!({ "id": id_of(name), "name": name }))
        .collect();
    Ok(Reply::json(200, &json!({ "data": types })))
}

/// Who is signed in, and the root of the site.
pub(crate) fn context(vault: &Vault, user: usize) -> Reply {
    let root = vault.assets.iter().find(|asset| asset.parent.is_none());
    Reply::json(
        200,
        &json!({ "user": { "name": vault.login(user) },
            "space": { "rid": root.map(|root| root.id.to_string()), "name": SITE } }),
    )
}
