//! The keys of a repository.

use std::path::{Path, PathBuf};

use kuramori_app::dto::{KeyChanged, KeyView, Language};
use kuramori_app::{AppError, Place, RepositoryKey};
use serde::Serialize;

use crate::args::{KeyCommand, NewKeyArgs, RepoArgs, SheetLanguage};
use crate::context::{Context, blocking, clock, full};
use crate::input;
use crate::output::Done;
use crate::text;

/// A sheet that was written.
#[derive(Serialize)]
struct Written {
    path: String,
    key: KeyView,
}

/// A recovery key that was tried.
#[derive(Serialize)]
struct Checked {
    opens: bool,
    repository_id: String,
}

pub(super) async fn run(context: &Context, command: KeyCommand) -> Result<Done, AppError> {
    match command {
        KeyCommand::List { repo } => {
            let opened = context.place(&repo).await?;
            let list = blocking(move || opened.place.keys()).await?;
            context.output.answer(&list, |l| text::keys(&l.keys));
            Ok(Done::Well)
        }
        KeyCommand::Add { repo, new } => {
            let (opens, key) = input::keys(&repo.key, &new)?;
            let opened = context.place_with(&repo, opens).await?;
            let added = blocking(move || opened.place.add_key(key, &*clock())).await?;
            context.output.answer(&added, text::key_added);
            Ok(Done::Well)
        }
        KeyCommand::Change { key, repo, new } => change(context, key, &repo, &new).await,
        KeyCommand::Remove { key, repo } => {
            let opened = context.place(&repo).await?;
            let removed = blocking(move || opened.place.remove_key(&key, &*clock())).await?;
            context.output.answer(&removed, |key| {
                format!("{}Removed.", text::keys(std::slice::from_ref(key)))
            });
            Ok(Done::Well)
        }
    }
}

async fn change(
    context: &Context,
    old: Option<String>,
    repo: &RepoArgs,
    new: &NewKeyArgs,
) -> Result<Done, AppError> {
    let (opens, key) = input::keys(&repo.key, new)?;
    let opened = context.place_with(repo, opens).await?;
    let changed =
        blocking(move || opened.place.change_key(old.as_deref(), key, &*clock(), Language::En))
            .await?;
    context.output.answer(&changed, |c: &KeyChanged| {
        let mut text = text::key_added(&c.added);
        match &c.old_left {
            None => text.push_str("The old key was removed."),
            Some(why) => {
                text.push_str("The old key may still open the repository. Remove it again.\n");
                text.push_str(&text::error(why));
            }
        }
        text
    });
    Ok(if changed.old_left.is_none() { Done::Well } else { Done::WithWarnings })
}

pub(super) async fn recovery_sheet(
    context: &Context,
    repo: &RepoArgs,
    output: &Path,
    language: Option<SheetLanguage>,
) -> Result<Done, AppError> {
    let opened = context.place(repo).await?;
    let language = match (language, &opened.app) {
        (Some(SheetLanguage::En), _) => Language::En,
        (Some(SheetLanguage::Ja), _) => Language::Ja,
        (None, Some(app)) => app.language(),
        (None, None) => Language::of_system(),
    };
    let (file, location) = (full(output), full(&opened.path));
    let path = file.display().to_string();
    let key =
        blocking(move || opened.place.save_recovery_sheet(&location, &file, language, &*clock()))
            .await?;
    context.output.answer(&Written { path, key }, |w| {
        format!(
            "{} is complete. Print it, compare the key, then delete the file.\n\
             A sheet from before keeps working until its key is removed.",
            w.path
        )
    });
    Ok(Done::Well)
}

pub(super) async fn recovery_check(
    context: &Context,
    name: Option<String>,
    repo_path: Option<PathBuf>,
) -> Result<Done, AppError> {
    let path = match (repo_path, name) {
        (Some(path), _) => path,
        (None, name) => context.app().await?.repository_path(&name.unwrap_or_default())?,
    };
    let key = RepositoryKey::RecoveryKey(input::secret()?);
    let place = blocking(move || Place::open(&path, key)).await?;
    let checked = Checked { opens: true, repository_id: place.id().to_owned() };
    context.output.answer(&checked, |_| "This recovery key opens the repository.".to_owned());
    Ok(Done::Well)
}
