//! Targets for the input of core's parsers, from the network and from users.

use bytes::Bytes;
use http::{Method, Response, StatusCode};
use smile_core::operation::{Operation, RawRequest};
use smile_core::v1::{
    AddressVerificationRequest, AmlRequest, AsyncBusinessVerificationRequest, BasicKycRequest, Business,
    BusinessVerificationRequest, BvnConsentRequest, CreateSmileLinkRequest, EnhancedKycRequest,
    ListSmileLinksRequest, PhoneVerificationRequest, PrepUploadRequest, ProductsConfigRequest,
    ReadSmileLinkRequest, ServicesRequest, SmileLinkDetails, UploadRequest, UploadUrl, ValidDocumentsRequest,
    WebTokenRequest,
};
use smile_core::{
    BaseUrl, CallbackUrl, Checkpoint, Environment, Flow, FlowSettings, IdInfo, Image, Job, JobFlow, JobId,
    JobStatusRequest, Next, Partner, PartnerParams, Timestamp, TransportFailure, UserId,
};
use smile_sandbox::SampleImage;

use crate::shared::{NOW, look_at, partner};

fn params() -> PartnerParams {
    PartnerParams::new(UserId::new("user-1"), JobId::new("job-1"))
}

fn id_info() -> IdInfo {
    IdInfo::new("NG", "BVN", "00000000000")
}

fn job() -> Job {
    Job::biometric_kyc(params(), Image::bytes(SampleImage::selfie().jpeg()), id_info())
        .with_return_job_status(true)
}

/// A timestamp in any spelling: what is read is the same moment when it is written and read again.
pub fn timestamps(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    if let Some(moment) = Timestamp::parse(&text) {
        assert!(moment <= Timestamp::MAX);
        assert_eq!(Timestamp::parse(&moment.to_string()), Some(moment));
    }
}

/// Base URLs, environments, callback URLs and upload addresses: what is accepted makes requests.
pub fn addresses(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let requests = |environment: Environment| {
        let partner = Partner::new("001", "key", environment).unwrap();
        let _ = PrepUploadRequest::new(&job()).request(&partner, NOW);
        let _ = JobStatusRequest::new(UserId::new(""), JobId::new("")).request(&partner, NOW);
    };
    if let Ok(base) = BaseUrl::new(&text) {
        requests(Environment::Custom(base));
    }
    if let Ok(environment) = text.parse::<Environment>() {
        requests(environment);
    }
    if let Ok(url) = CallbackUrl::new(&text) {
        assert_eq!(url.as_str(), text);
    }
    if let Ok(raw) = RawRequest::new(Method::GET, text.clone()) {
        let request = raw.request(&partner(), NOW);
        assert_eq!(request.uri().host(), Some("service.example"), "no path leads elsewhere");
    }
    if let Ok(url) = UploadUrl::new(&text, &Environment::Sandbox) {
        let request = UploadRequest::new(url, Bytes::new()).request(&partner(), NOW);
        assert_eq!(request.uri().scheme_str(), Some("https"));
    }
}

/// Parses an answer and formats all that comes of it.
fn parse<O: Operation>(operation: &O, response: &Response<Bytes>) {
    if let Err(error) = operation.parse(&partner(), NOW, response) {
        let _ = format!("{error} {error:?}");
    }
}

/// The service's answers, to every operation: the first byte says which, the next two the status,
/// the rest is the body.
pub fn answers(data: &[u8]) {
    let Some((&[which, high, low], body)) = data.split_first_chunk() else { return };
    let mut response = Response::new(Bytes::copy_from_slice(body));
    if let Ok(status) = StatusCode::from_u16(u16::from_be_bytes([high, low])) {
        *response.status_mut() = status;
    }
    match which % 19 {
        0 => {
            let question = JobStatusRequest::new(UserId::new("user-1"), JobId::new("job-1"));
            if let Ok(status) = question.parse(&partner(), NOW, &response) {
                let _ = (status.verdict(), status.audit_json(), status.has_zip(), format!("{status:?}"));
            }
        }
        1 => parse(&PrepUploadRequest::new(&job()), &response),
        2 => {
            let url = UploadUrl::new("https://bucket.example/a.zip?X-Amz-Signature=b", &Environment::Sandbox)
                .unwrap();
            parse(&UploadRequest::new(url, Bytes::new()), &response);
        }
        3 => verification(&EnhancedKycRequest::new(params(), id_info()), &response),
        4 => verification(&BasicKycRequest::new(params(), id_info()), &response),
        5 => verification(
            &BusinessVerificationRequest::new(
                params(),
                Business::new("NG", "BUSINESS_REGISTRATION", "0000000"),
            ),
            &response,
        ),
        6 => parse(
            &AsyncBusinessVerificationRequest::new(
                params(),
                Business::new("NG", "BUSINESS_REGISTRATION", "0000000"),
            ),
            &response,
        ),
        7 => verification(&AmlRequest::new(params(), "Joe Leo", ["NG"]), &response),
        8 => parse(&PhoneVerificationRequest::new("NG", "00000000000"), &response),
        9 => parse(&AddressVerificationRequest::south_africa("1 Drawn Street", "0000000000000"), &response),
        10 => parse(&WebTokenRequest::new(params(), "biometric_kyc"), &response),
        11 => parse(&CreateSmileLinkRequest::new(SmileLinkDetails::default()), &response),
        12 => parse(&ListSmileLinksRequest::new(), &response),
        13 => parse(&ReadSmileLinkRequest::new("a"), &response),
        14 => parse(&BvnConsentRequest::new("00000000000"), &response),
        15 => {
            if let Ok(services) = ServicesRequest::new().parse(&partner(), NOW, &response) {
                let _ = partner().with_id_types(services.id_types());
            }
        }
        16 => parse(&ProductsConfigRequest, &response),
        17 => {
            if let Ok(documents) = ValidDocumentsRequest.parse(&partner(), NOW, &response) {
                let _ = format!("{documents:?}");
            }
        }
        _ => parse(&RawRequest::new(Method::POST, "/anything").unwrap(), &response),
    }
}

fn verification<O: Operation<Output = smile_core::v1::Verification>>(
    operation: &O,
    response: &Response<Bytes>,
) {
    if let Ok(result) = operation.parse(&partner(), NOW, response) {
        let _ = format!("{} {result:?}", result.verdict);
        look_at(&result.entry);
    }
}

/// Image files, base64 and data URLs, and names of files: in every place that a job has for them.
pub fn images(data: &[u8]) {
    let Some((&which, data)) = data.split_first() else { return };
    let (name, bytes) = data.split_at(data.len().min(usize::from(which >> 3)));
    let name = String::from_utf8_lossy(name).into_owned();
    let image = match which % 3 {
        0 => Image::bytes(bytes.to_vec()).with_file_name(name),
        1 => Image::base64(String::from_utf8_lossy(bytes).into_owned()).with_file_name(name),
        _ => Image::path(name),
    };
    let job = Job::biometric_kyc_with_id_card(params(), image.clone(), image.clone())
        .with_liveness([image.clone(), image])
        .with_return_job_status(true);
    if let Ok(mut flow) = JobFlow::new(partner(), job, FlowSettings::default(), 7) {
        run(&mut flow, bytes);
    }
}

/// Checkpoint files: what is read is written again the same, and resumes or is refused.
pub fn checkpoints(data: &[u8]) {
    let Ok(checkpoint) = serde_json::from_slice::<Checkpoint>(data) else { return };
    let again: Checkpoint = serde_json::from_str(&serde_json::to_string(&checkpoint).unwrap()).unwrap();
    assert_eq!(again, checkpoint);
    match JobFlow::resume(partner(), &checkpoint, job(), FlowSettings::default(), 7) {
        Err(error) => drop(format!("{error} {error:?}")),
        Ok(mut flow) => run(&mut flow, &SampleImage::selfie().jpeg()),
    }
}

/// Drives it to its end, with nobody there.
fn run(flow: &mut JobFlow, file: &[u8]) {
    let mut now = NOW;
    for _ in 0..300 {
        match flow.next(now) {
            Next::Read(_) => flow.file_read(now, Ok(file.to_vec())),
            Next::Send { .. } => flow.receive(now, Err(TransportFailure::not_sent("nobody is there"))),
            Next::Wait { until } => now = until,
            Next::Finished(outcome) => return drop(format!("{outcome:?}")),
        }
    }
    panic!("it ends");
}
