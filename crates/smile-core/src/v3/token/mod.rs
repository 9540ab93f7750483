//! Tokens of the v3 API: the request for one, the token itself, and the machine that shares it.
//!
//! A token has one of two lives. A *bound* one is made for one submission, has its product and user
//! inside, is not kept, and isn't made anew after a 401. A *shared* one has neither, and serves any
//! number of requests until a minute before it expires: it is fetched once for all who need it at
//! the same time, and once more after a 401. Submissions take the first and reads the second,
//! unless a [`TokenPolicy`] says otherwise.

mod cache;
mod policy;
mod product;
mod request;
mod value;

pub use cache::TokenCache;
pub(crate) use cache::{Fetch, Grant, Lead, Outcome, Turn};
pub use policy::TokenPolicy;
pub(crate) use policy::Wanted;
pub use product::TokenProduct;
pub use request::TokenRequest;
pub use value::Token;
