//! The products and their flags, named as the API's fields.

use std::path::PathBuf;

use clap::{ArgAction, Args, Subcommand, ValueEnum};
use serde::{Deserialize, Serialize};

use super::waiting::Waiting;

/// A submission: a product with its flags. Checkpoints keep it, so that a job can be continued.
#[derive(Subcommand, Clone, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "kebab-case")]
pub(crate) enum Product {
    /// A selfie against the photo that an ID authority, or an ID card, has of the person
    BiometricKyc(BiometricKyc),
    /// Enrol a new user with a selfie, without any ID
    SmartselfieRegistration(SmartSelfie),
    /// A selfie against the one on file for an enrolled user
    SmartselfieAuthentication(SmartSelfie),
    /// A photo of an ID document, checked, and compared with a selfie
    DocumentVerification(Document),
    /// Document verification, with the ID authority asked as well
    EnhancedDocumentVerification(Document),
    /// An ID authority's record under an ID number
    ///
    /// The result is the answer, or, with --callback, comes there.
    EnhancedKyc(IdCheck),
    /// A comparison of a person's data with an ID authority's record
    ///
    /// The result is the answer, or, with --callback, comes there.
    BasicKyc(IdCheck),
    /// A registry's record of a company
    ///
    /// The result is the answer, or, with --callback, comes there.
    BusinessVerification(Business),
    /// A search for a person on watch lists
    Aml(Aml),
    /// A check that a person lives at an address; the result comes by callback
    Address(Address),
}

impl Product {
    pub(crate) fn ids(&self) -> &Ids {
        match self {
            Self::BiometricKyc(flags) => &flags.ids,
            Self::SmartselfieRegistration(flags) | Self::SmartselfieAuthentication(flags) => &flags.ids,
            Self::DocumentVerification(flags) | Self::EnhancedDocumentVerification(flags) => &flags.ids,
            Self::EnhancedKyc(flags) | Self::BasicKyc(flags) => &flags.ids,
            Self::BusinessVerification(flags) => &flags.ids,
            Self::Aml(flags) => &flags.ids,
            Self::Address(flags) => &flags.ids,
        }
    }

    /// True if the product relies on an earlier job of the user.
    pub(crate) fn is_about_a_known_user(&self) -> bool {
        match self {
            Self::SmartselfieAuthentication(_) => true,
            Self::DocumentVerification(flags) | Self::EnhancedDocumentVerification(flags) => {
                flags.use_enrolled_image
            }
            Self::Aml(flags) => flags.search_existing_user,
            _ => false,
        }
    }

    /// Takes over another command's waiting time and polling interval.
    pub(crate) fn wait_as(&mut self, waiting: &Waiting) {
        let delivery = match self {
            Self::BiometricKyc(flags) => &mut flags.delivery,
            Self::SmartselfieRegistration(flags) | Self::SmartselfieAuthentication(flags) => {
                &mut flags.delivery
            }
            Self::DocumentVerification(flags) | Self::EnhancedDocumentVerification(flags) => {
                &mut flags.delivery
            }
            Self::EnhancedKyc(flags) | Self::BasicKyc(flags) => &mut flags.delivery,
            Self::BusinessVerification(flags) => &mut flags.delivery,
            Self::Aml(_) | Self::Address(_) => return,
        };
        delivery.waiting = waiting.clone();
    }

    pub(crate) fn ids_mut(&mut self) -> &mut Ids {
        match self {
            Self::BiometricKyc(flags) => &mut flags.ids,
            Self::SmartselfieRegistration(flags) | Self::SmartselfieAuthentication(flags) => &mut flags.ids,
            Self::DocumentVerification(flags) | Self::EnhancedDocumentVerification(flags) => &mut flags.ids,
            Self::EnhancedKyc(flags) | Self::BasicKyc(flags) => &mut flags.ids,
            Self::BusinessVerification(flags) => &mut flags.ids,
            Self::Aml(flags) => &mut flags.ids,
            Self::Address(flags) => &mut flags.ids,
        }
    }
}

/// The ids of a job, and values for it.
#[derive(Args, Clone, Serialize, Deserialize)]
#[command(next_help_heading = "Ids")]
pub(crate) struct Ids {
    /// Your id of the user; a new one, if there is none
    #[arg(long)]
    pub(crate) user_id: Option<String>,

    /// Your id of the job, never used before and nothing personal; a new one, if there is none
    #[arg(long)]
    pub(crate) job_id: Option<String>,

    /// Something of yours that comes back with the result; repeatable
    #[arg(long, value_name = "KEY=VALUE", value_parser = key_and_value)]
    pub(crate) partner_param: Vec<(String, String)>,

    /// The answer of the service's sandbox: 0 approved, 1 rejected, 2 provisional
    #[arg(long, value_parser = ["0", "1", "2"])]
    pub(crate) sandbox_result: Option<String>,

    /// Show the personal data in the result
    #[arg(long)]
    pub(crate) show_personal: bool,
}

pub(crate) fn key_and_value(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("must be of the form KEY=VALUE".to_owned()),
    }
}

/// The callback address, and the wait for the result.
#[derive(Args, Clone, Serialize, Deserialize)]
#[command(next_help_heading = "Result")]
pub(crate) struct Delivery {
    /// The address for the result: https, or http on this machine
    #[arg(long, value_name = "URL")]
    pub(crate) callback: Option<String>,

    /// Wait for the result
    #[arg(long)]
    pub(crate) wait: bool,

    #[command(flatten)]
    pub(crate) waiting: Waiting,
}

/// The common flags of jobs with images.
#[derive(Args, Clone, Serialize, Deserialize)]
#[command(next_help_heading = "Images")]
pub(crate) struct Images {
    /// A picture of the face: JPEG or PNG
    #[arg(long, value_name = "FILE")]
    pub(crate) selfie: Option<PathBuf>,

    /// A liveness frame, or a folder of them; repeatable, eight in all
    #[arg(long, value_name = "FILE")]
    pub(crate) liveness: Vec<PathBuf>,

    /// Enrol the user anew, though the user id is enrolled already
    #[arg(long)]
    pub(crate) allow_new_enroll: bool,

    /// Open the job although the service knows its id: for one that was opened and never uploaded
    #[arg(long)]
    pub(crate) retry: bool,
}

/// The two sides of an ID card.
#[derive(Args, Clone, Serialize, Deserialize)]
pub(crate) struct Card {
    /// The front of the ID card, or the photo page of the passport
    #[arg(long, value_name = "FILE", help_heading = "Images")]
    pub(crate) id_card: Option<PathBuf>,

    /// The back of the ID card
    #[arg(long, value_name = "FILE", help_heading = "Images")]
    pub(crate) id_card_back: Option<PathBuf>,
}

/// `id_info`, by the API's names.
#[derive(Args, Clone, Default, Serialize, Deserialize)]
#[command(next_help_heading = "ID")]
pub(crate) struct Id {
    /// The country that issued it: two capital letters, such as NG
    #[arg(long)]
    pub(crate) country: Option<String>,

    /// The kind, such as BVN; `smile id-types` lists them
    #[arg(long)]
    pub(crate) id_type: Option<String>,

    /// The number on it
    #[arg(long)]
    pub(crate) id_number: Option<String>,

    /// The first name the person gave
    #[arg(long)]
    pub(crate) first_name: Option<String>,

    /// The middle name the person gave
    #[arg(long)]
    pub(crate) middle_name: Option<String>,

    /// The last name the person gave
    #[arg(long)]
    pub(crate) last_name: Option<String>,

    /// The date of birth: YYYY-MM-DD
    #[arg(long)]
    pub(crate) dob: Option<String>,

    /// M or F
    #[arg(long)]
    pub(crate) gender: Option<String>,

    /// The phone number the person gave
    #[arg(long)]
    pub(crate) phone_number: Option<String>,

    /// The bank's code, for the ID type BANK_ACCOUNT
    #[arg(long)]
    pub(crate) bank_code: Option<String>,

    /// The citizenship the person gave
    #[arg(long)]
    pub(crate) citizenship: Option<String>,

    /// The session of a consent, for the ID type BVN_MFA
    #[arg(long)]
    pub(crate) session_id: Option<String>,

    /// The state of an OpenID consent, for Ethiopia's NATIONAL_ID
    #[arg(long)]
    pub(crate) openid_state: Option<String>,
}

#[derive(Args, Clone, Serialize, Deserialize)]
pub(crate) struct BiometricKyc {
    #[command(flatten)]
    pub(crate) images: Images,
    #[command(flatten)]
    pub(crate) card: Card,
    #[command(flatten)]
    pub(crate) id: Id,
    #[command(flatten)]
    pub(crate) delivery: Delivery,
    #[command(flatten)]
    pub(crate) ids: Ids,
}

#[derive(Args, Clone, Serialize, Deserialize)]
pub(crate) struct SmartSelfie {
    #[command(flatten)]
    pub(crate) images: Images,
    #[command(flatten)]
    pub(crate) delivery: Delivery,
    #[command(flatten)]
    pub(crate) ids: Ids,
}

#[derive(Args, Clone, Serialize, Deserialize)]
pub(crate) struct Document {
    #[command(flatten)]
    pub(crate) images: Images,
    #[command(flatten)]
    pub(crate) card: Card,

    /// Compare with the selfie on file, in place of --selfie
    #[arg(long, help_heading = "Images")]
    pub(crate) use_enrolled_image: bool,

    #[command(flatten)]
    pub(crate) id: Id,
    #[command(flatten)]
    pub(crate) delivery: Delivery,
    #[command(flatten)]
    pub(crate) ids: Ids,
}

#[derive(Args, Clone, Serialize, Deserialize)]
pub(crate) struct IdCheck {
    #[command(flatten)]
    pub(crate) id: Id,
    #[command(flatten)]
    pub(crate) delivery: Delivery,
    #[command(flatten)]
    pub(crate) ids: Ids,
}

#[derive(Args, Clone, Serialize, Deserialize)]
pub(crate) struct Business {
    /// Two capital letters, such as NG
    #[arg(long)]
    pub(crate) country: Option<String>,

    /// BASIC_BUSINESS_REGISTRATION, BUSINESS_REGISTRATION or TAX_INFORMATION
    #[arg(long)]
    pub(crate) id_type: Option<String>,

    /// The company's number
    #[arg(long)]
    pub(crate) id_number: Option<String>,

    /// The kind of company; Nigeria's registrations need it
    #[arg(long)]
    pub(crate) business_type: Option<BusinessType>,

    /// Kenya's registrations need it
    #[arg(long)]
    pub(crate) postal_address: Option<String>,

    /// Kenya's registrations need it
    #[arg(long)]
    pub(crate) postal_code: Option<String>,

    #[command(flatten)]
    pub(crate) delivery: Delivery,
    #[command(flatten)]
    pub(crate) ids: Ids,
}

#[derive(Clone, Copy, ValueEnum, Serialize, Deserialize)]
pub(crate) enum BusinessType {
    /// A business name
    Bn,
    /// A limited company
    Co,
    /// Incorporated trustees
    It,
}

#[derive(Args, Clone, Serialize, Deserialize)]
pub(crate) struct Aml {
    /// The name to look for
    #[arg(long)]
    pub(crate) full_name: Option<String>,

    /// A country: two capital letters, such as NG; repeatable
    #[arg(long = "country", value_name = "COUNTRY")]
    pub(crate) countries: Vec<String>,

    /// The year of birth, four digits; it tells people of one name apart
    #[arg(long)]
    pub(crate) birth_year: Option<u16>,

    /// Another name of the person; repeatable
    #[arg(long = "alias", value_name = "NAME")]
    pub(crate) aliases: Vec<String>,

    /// Require an exact match of the name and the year
    #[arg(long, action = ArgAction::Set, default_value_t = true)]
    pub(crate) strict_match: bool,

    /// Look for the user of --user-id, by the name of an earlier job, in place of --full-name
    #[arg(long, conflicts_with = "full_name")]
    pub(crate) search_existing_user: bool,

    #[command(flatten)]
    pub(crate) ids: Ids,
}

#[derive(Args, Clone, Serialize, Deserialize)]
pub(crate) struct Address {
    /// NG, with --utility-number and --utility-provider, or ZA, with --id-number
    #[arg(long, value_parser = ["NG", "ZA"])]
    pub(crate) country: String,

    /// The address, in one line
    #[arg(long)]
    pub(crate) address: Option<String>,

    /// The name, to be compared as well
    #[arg(long)]
    pub(crate) full_name: Option<String>,

    /// The customer number at the utility
    #[arg(long)]
    pub(crate) utility_number: Option<String>,

    /// The utility, such as IkejaElectric
    #[arg(long)]
    pub(crate) utility_provider: Option<String>,

    /// 13 digits
    #[arg(long)]
    pub(crate) id_number: Option<String>,

    /// The address for the result: https, or http on this machine
    #[arg(long, value_name = "URL")]
    pub(crate) callback: Option<String>,

    #[command(flatten)]
    pub(crate) ids: Ids,
}
