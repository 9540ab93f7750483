use bytes::Bytes;
use http::{Method, Request};
use serde_json::{Value, json};

use crate::client::{Client, builder, header_signed, link_body, merged, signed, signer, without};

const PATH: &str = "/v1/smile_links";

fn create(client: &mut Client, changes: &Value) -> Value {
    let (status, link) = client.post(PATH, &link_body(changes));
    assert_eq!(status, 200, "{link}");
    link
}

fn send(client: &mut Client, method: Method, path: &str, body: &Value) -> (u16, Value) {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("host", "127.0.0.1:7")
        .body(Bytes::from(body))
        .unwrap();
    let response = client.send(request);
    (response.status().as_u16(), serde_json::from_slice(response.body()).unwrap())
}

fn path_of(link: &Value) -> String {
    format!("{PATH}/{}", link["ref_id"].as_str().unwrap())
}

fn query() -> String {
    let timestamp = "2024-01-15T10:30:00.000Z";
    let signature = signer().sign_text(timestamp);
    let encoded = signature.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
    format!("?partner_id=001&timestamp={}&signature={encoded}", timestamp.replace(':', "%3a"))
}

#[test]
fn a_link_has_its_address_under_both_names() {
    let mut client = Client::new();
    let link = create(&mut client, &json!({"logo_url": "https://bank.example/logo.png", "ignored": true}));
    let ref_id = link["ref_id"].as_str().unwrap();
    assert_eq!(link["link"], format!("http://127.0.0.1:7/links/001/{ref_id}"));
    assert_eq!(link["link"], link["link_url"]);
    assert_eq!(link["id_types"], link_body(&json!({}))["id_types"]);
    assert_eq!(link["expires_at"], "2024-04-14T10:30:00.000Z");
    assert_eq!((&link["disabled_at"], &link["is_single_use"]), (&Value::Null, &json!(false)));
    assert_eq!(link["logo_url"], "https://bank.example/logo.png");
    assert!(link.get("signature").is_none() && link.get("ignored").is_none());
    assert_ne!(create(&mut client, &json!({}))["ref_id"], link["ref_id"]);
}

#[test]
fn links_are_listed_and_looked_at_however_the_request_is_signed() {
    let mut client = Client::new();
    let links = [create(&mut client, &json!({})), create(&mut client, &json!({"name": "Second"}))];
    for (path, expected) in [
        (PATH.to_owned(), json!(links)),
        ("/smile_links".to_owned(), json!(links)),
        (path_of(&links[1]), links[1].clone()),
    ] {
        let in_query = format!("{path}{}", query());
        assert_eq!(send(&mut client, Method::GET, &in_query, &Value::Null), (200, expected.clone()));
        assert_eq!(send(&mut client, Method::GET, &path, &signed(&json!({}))), (200, expected.clone()));
        let response = client.send(header_signed(Method::GET, &path, &Value::Null));
        assert_eq!(response.body(), expected.to_string().as_bytes());
    }
    assert_eq!(send(&mut client, Method::GET, PATH, &Value::Null).1["code"], "2413");
    let wrong = query().replace("=001", "=002");
    assert_eq!(send(&mut client, Method::GET, &format!("{PATH}{wrong}"), &Value::Null).1["code"], "2405");
}

#[test]
fn a_link_is_changed_and_disabled() {
    let mut client = Client::new();
    let link = create(&mut client, &json!({}));
    let path = path_of(&link);
    client.pass(std::time::Duration::from_secs(60));
    let changes =
        signed(&json!({"is_disabled": true, "name": "Renamed", "expires_at": "2024-02-01T00:00:00Z"}));
    let (status, changed) = send(&mut client, Method::PUT, &path, &changes);
    let expected = json!({
        "name": "Renamed",
        "expires_at": "2024-02-01T00:00:00.000Z",
        "disabled_at": "2024-01-15T10:31:00.000Z",
        "updated_at": "2024-01-15T10:31:00.000Z",
    });
    assert_eq!((status, &changed), (200, &merged(&link, &expected)));
    let untouched = signed(&json!({"is_disabled": null, "name": null}));
    let (_, same) = send(&mut client, Method::PUT, &path, &untouched);
    assert_eq!((&same["disabled_at"], &same["name"]), (&changed["disabled_at"], &json!("Renamed")));
    let enabled = signed(&json!({"is_disabled": false}));
    assert_eq!(send(&mut client, Method::PUT, &path, &enabled).1["disabled_at"], Value::Null);
    let response = client.send(header_signed(Method::PUT, &path, &json!({"is_disabled": "true"})));
    assert_eq!(response.status(), 200);
}

#[test]
fn a_single_use_link_needs_a_user_in_either_place() {
    let mut client = Client::new();
    assert_eq!(client.refusal(PATH, &link_body(&json!({"is_single_use": true}))), "2413");
    for user in [json!({"user_id": "user"}), json!({"partner_params": {"user_id": "user"}})] {
        let link = create(&mut client, &merged(&user, &json!({"is_single_use": true})));
        assert_eq!(link["is_single_use"], true);
    }
}

#[test]
fn invalid_fields_of_a_link_are_refused() {
    let mut client = Client::new();
    let body = link_body(&json!({}));
    for name in ["partner_id", "signature", "timestamp", "name", "company_name", "id_types", "callback_url"] {
        assert_eq!(client.refusal(PATH, &without(&body, name)), "2413", "{name}");
    }
    let bvn = |method: &str| json!({"country": "NG", "id_type": "BVN", "verification_method": method});
    for (id_types, code) in [
        (json!([]), "2413"),
        (json!([{"country": "NG", "id_type": "BVN"}]), "2413"),
        (json!([bvn("telepathy")]), "2413"),
        (json!([bvn("enhanced_kyc"), bvn("biometric_kyc")]), "2413"),
        (json!("BVN"), "2204"),
        (json!(["BVN"]), "2204"),
    ] {
        assert_eq!(client.refusal(PATH, &link_body(&json!({"id_types": id_types}))), code, "{id_types}");
    }
    for changes in [
        json!({"expires_at": "soon"}),
        json!({"name": 1}),
        json!({"is_single_use": 1}),
        json!({"is_disabled": []}),
    ] {
        assert_eq!(client.refusal(PATH, &merged(&body, &changes)), "2204", "{changes}");
    }
    assert_eq!(client.refusal(PATH, &merged(&body, &json!({"partner_id": "2"}))), "2405");
    assert_eq!(client.refusal(PATH, &json!([])), "2203");
    assert_eq!(send(&mut client, Method::GET, &format!("{PATH}{}", query()), &Value::Null).1, json!([]));
    let mut portal = Client::with(builder().with_callback_url("http://127.0.0.1:9/portal"));
    assert_eq!(portal.post(PATH, &without(&body, "callback_url")).0, 200);
}

#[test]
fn a_refused_change_changes_nothing() {
    let mut client = Client::new();
    let link = create(&mut client, &json!({}));
    let path = path_of(&link);
    for bad in [json!({"name": "New", "id_types": []}), json!({"name": "New", "expires_at": "soon"})] {
        assert_eq!(send(&mut client, Method::PUT, &path, &signed(&bad)).0, 400);
    }
    assert_eq!(send(&mut client, Method::GET, &format!("{path}{}", query()), &Value::Null).1, link);
}

#[test]
fn a_link_nobody_made_is_not_found() {
    let mut client = Client::new();
    for method in [Method::GET, Method::PUT] {
        let (status, answer) = send(&mut client, method, "/v1/smile_links/nothing", &signed(&json!({})));
        assert_eq!((status, answer), (404, json!({"error": "Smile Link not found", "code": "2413"})));
    }
    for (method, path) in
        [(Method::PUT, PATH), (Method::POST, "/v1/smile_links/nothing"), (Method::DELETE, PATH)]
    {
        assert_eq!(send(&mut client, method, path, &signed(&json!({}))).0, 405);
    }
}
