//! The flags that all programs take.

use std::path::PathBuf;

use lexopt::{Arg, Parser, ValueExt as _};

use crate::failure::Failure;

const HELP: &str = "\
Flags, all optional; without them the drawn pictures and a test number are sent.
  --selfie FILE          the person's face: JPEG or PNG
  --liveness FILE        a liveness frame; repeat it, or name a folder
  --id-card FILE         the front of the document
  --id-card-back FILE    its back
  --country CC           two capital letters, such as NG
  --id-type TYPE         such as BVN
  --id-number NUMBER
  --first-name NAME
  --last-name NAME
  --user-id ID           a user of yours; without it a new one is made up
  --callback URL         where the callback goes, in place of this program
  --sandbox-result N     0 approved, 1 rejected, 2 provisional; sandbox only
Variables: SMILE_PARTNER_ID, SMILE_API_KEY and SMILE_ENVIRONMENT (sandbox, production or a base URL) name a real
service; without them a sandbox runs in this process.
Exit status: 0 approved, 2 another verdict, 1 no verdict.";

#[derive(Default)]
pub(crate) struct Arguments {
    pub(crate) selfie: Option<PathBuf>,
    pub(crate) liveness: Vec<PathBuf>,
    pub(crate) id_card: Option<PathBuf>,
    pub(crate) id_card_back: Option<PathBuf>,
    pub(crate) country: Option<String>,
    pub(crate) id_type: Option<String>,
    pub(crate) id_number: Option<String>,
    pub(crate) first_name: Option<String>,
    pub(crate) last_name: Option<String>,
    pub(crate) user_id: Option<String>,
    pub(crate) callback: Option<String>,
    pub(crate) sandbox_result: Option<String>,
}

impl Arguments {
    pub(crate) fn from_command_line() -> Result<Self, Failure> {
        let mut arguments = Self::default();
        let mut parser = Parser::from_env();
        while let Some(flag) = parser.next()? {
            let Arg::Long(name) = flag else { return Err(flag.unexpected().into()) };
            if name == "help" {
                println!("{HELP}");
                std::process::exit(0);
            }
            let text = match name {
                "selfie" => {
                    arguments.selfie = Some(parser.value()?.into());
                    continue;
                }
                "liveness" => {
                    arguments.liveness.extend(frames(parser.value()?.into())?);
                    continue;
                }
                "id-card" => {
                    arguments.id_card = Some(parser.value()?.into());
                    continue;
                }
                "id-card-back" => {
                    arguments.id_card_back = Some(parser.value()?.into());
                    continue;
                }
                "country" => &mut arguments.country,
                "id-type" => &mut arguments.id_type,
                "id-number" => &mut arguments.id_number,
                "first-name" => &mut arguments.first_name,
                "last-name" => &mut arguments.last_name,
                "user-id" => &mut arguments.user_id,
                "callback" => &mut arguments.callback,
                "sandbox-result" => &mut arguments.sandbox_result,
                other => return Err(format!("there is no flag --{other}; --help lists them").into()),
            };
            *text = Some(parser.value()?.string()?);
            if arguments.sandbox_result.as_deref().is_some_and(|result| !["0", "1", "2"].contains(&result)) {
                return Err("--sandbox-result must be 0, 1 or 2".into());
            }
        }
        Ok(arguments)
    }
}

/// The file itself, or the pictures of a folder in the order of their names.
fn frames(path: PathBuf) -> Result<Vec<PathBuf>, Failure> {
    if !path.is_dir() {
        return Ok(vec![path]);
    }
    let files = std::fs::read_dir(path)?
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<Vec<_>, std::io::Error>>()?;
    let is_picture = |file: &PathBuf| {
        let ending =
            file.extension().and_then(|ending| ending.to_str()).unwrap_or_default().to_ascii_lowercase();
        matches!(ending.as_str(), "jpg" | "jpeg" | "png")
    };
    let mut pictures: Vec<PathBuf> = files.into_iter().filter(is_picture).collect();
    pictures.sort();
    Ok(pictures)
}

impl std::fmt::Debug for Arguments {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Arguments").finish_non_exhaustive()
    }
}
