//! Adapters to the systems outside; the embedded directory is the first.

mod address;
mod certificates;
pub mod conformance;
pub mod embedded_directory;
pub mod faulty;
mod http;
pub mod llm;
pub mod mail;
pub mod pam_vault;
mod text;

pub use embedded_directory::EmbeddedDirectory;
pub use faulty::Faulty;
pub use pam_vault::PamVault;
