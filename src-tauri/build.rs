//! Prepares the shell: its resources and the list of its commands.

fn main() {
    let manifest = tauri_build::AppManifest::new().commands(&[
        "rpc",
        "subscribe",
        "pick_folder",
        "pick_file",
        "pick_save_file",
        "save_text",
    ]);
    let attributes = tauri_build::Attributes::new().app_manifest(manifest);
    tauri_build::try_build(attributes).expect("the shell's configuration is complete");
}
