//! Records of assets: whole, through the container, through the request, and not at all.

use connectors::PamVault;
use connectors::pam_vault::Settings;
use ports::PortError;
use ports::vault::Vault as _;
use sandbox::vault::{Case, Right, Route};

use crate::world::{client, settings, since, with};

#[test]
fn an_asset_is_the_same_with_one_call_and_with_two() {
    let full = with(&[]);
    let parent = with(&[("asset-path", "parent")]);
    let (one, two) = (client(&full), client(&parent));
    let mut containers = std::collections::BTreeSet::new();
    let mut assets = std::collections::BTreeSet::new();
    for request in full.requests() {
        if !assets.insert(request.asset.clone()) {
            continue;
        }
        let Ok(asset) = one.asset(&request.asset) else {
            continue;
        };
        assert_eq!(asset.container(), request.path);
        assert_eq!(two.asset(&request.asset).unwrap(), asset);
        assert!(!asset.kind.is_empty());
        containers.insert(request.path);
    }
    assert!(assets.len() > 20 && containers.len() > 3);
    // Each container once: the records are kept during a run.
    let calls = parent.calls()[&Route::Asset];
    assert!(calls <= (assets.len() + containers.len()) as u64, "{calls}");
    let again = || two.asset(assets.first().unwrap());
    again().unwrap();
    assert_eq!(parent.calls()[&Route::Asset], calls);
    two.list(since(&parent), &mut |_| {}).unwrap();
    again().unwrap();
    assert!(
        parent.calls()[&Route::Asset] > calls,
        "a new run reads anew"
    );
}

#[test]
fn a_request_tells_the_asset_that_its_row_does_not() {
    let simulator = with(&[("row-no-asset-id", "on")]);
    let request = simulator.requests().remove(5);
    assert_eq!(client(&simulator).asset_of(&request.id), Ok(None));
    let vault = |path: &str| {
        PamVault::new(Settings {
            request_path: Some(path.into()),
            ..settings(&simulator)
        })
        .unwrap()
    };
    let found = vault("/api/request/request/{id}")
        .asset_of(&request.id)
        .unwrap();
    assert_eq!(found, Some(request.asset));
    let error = vault("/api/request/detail/{id}")
        .asset_of(&request.id)
        .unwrap_err();
    assert!(
        matches!(&error, PortError::Malformed(why) if why.contains("VAULT_REQUEST_PATH")),
        "{error}"
    );
}

#[test]
fn what_cannot_be_read_says_why() {
    let simulator = with(&[]);
    let vault = client(&simulator);
    let asset = |case: Case| {
        let planted = simulator.planted();
        let id = &planted
            .iter()
            .find(|planted| planted.case == case)
            .unwrap()
            .request;
        simulator.request(id).unwrap().asset
    };
    assert!(matches!(
        vault.asset(&asset(Case::AssetUnauthorized)),
        Err(PortError::Denied(_))
    ));
    let broken = vault.asset(&asset(Case::AssetBroken)).unwrap_err();
    assert!(
        matches!(&broken, PortError::Unavailable(why) if why.contains("SIM-BROKEN")),
        "{broken}"
    );
    assert!(vault.asset("no-such-asset").is_err());
    assert!(vault.asset("../../user/context").is_err());
    simulator.drop_right(sandbox::vault::AGENT, Right::ReadAssets);
    let routine = asset(Case::Routine);
    assert!(matches!(vault.asset(&routine), Err(PortError::Denied(_))));
}
