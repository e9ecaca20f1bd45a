//! What the parts of a backup cost by themselves, on the same data at the same time: the measure
//! for the whole, whatever else the computer does.

use std::io::Read;
use std::path::Path;

use anyhow::Result;
use fs_err::File;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};

use crate::meter::cpu_seconds;

/// CPU seconds of each part, over all chunks that are not zeros.
#[derive(Default)]
pub(crate) struct Parts {
    read: f64,
    hash: f64,
    compress: f64,
    seal: f64,
    decompress: f64,
    /// Bytes of the chunks.
    pub(crate) bytes: u64,
    packed: u64,
}

impl Parts {
    /// What cannot be left out: read, hash, compress, seal.
    pub(crate) fn chain(&self) -> f64 {
        self.read + self.hash + self.compress + self.seal
    }

    /// What proving the packs before they are stored adds: open, decompress, hash.
    pub(crate) fn proof(&self) -> f64 {
        self.seal + self.decompress + self.hash
    }

    /// Names the parts.
    pub(crate) fn describe(&self) -> String {
        let rate = |seconds: f64| seconds / self.bytes as f64 * 1e9;
        format!(
            "read {:.2}, BLAKE3 {:.2}, zstd {:.2}, AES-GCM {:.2}, unzstd {:.2} CPU-s/GB, ratio {:.2}",
            rate(self.read),
            rate(self.hash),
            rate(self.compress),
            rate(self.seal),
            rate(self.decompress),
            self.bytes as f64 / self.packed as f64
        )
    }
}

/// Runs each part over batches large enough for the coarse clock of the kernel.
pub(crate) fn measure(image: &Path, chunk: usize) -> Result<Parts> {
    const BATCH: usize = 256;
    let mut file = File::open(image)?;
    let mut parts = Parts::default();
    loop {
        let mut batch = Vec::new();
        let start = cpu_seconds()?;
        let mut more = true;
        while more && batch.len() < BATCH {
            let mut bytes = Vec::with_capacity(chunk);
            (&mut file).take(chunk as u64).read_to_end(&mut bytes)?;
            more = !bytes.is_empty();
            let (blocks, rest) = bytes.as_chunks::<64>();
            if rest.iter().any(|b| *b != 0) || blocks.iter().any(|block| *block != [0; 64]) {
                batch.push(bytes);
            }
        }
        parts.read += cpu_seconds()? - start;
        run(&batch, &mut parts)?;
        if !more {
            return Ok(parts);
        }
    }
}

fn run(batch: &[Vec<u8>], parts: &mut Parts) -> Result<()> {
    let mut compressor = zstd::bulk::Compressor::new(1)?;
    let mut decompressor = zstd::bulk::Decompressor::new()?;
    let mut last = cpu_seconds()?;
    let mut lap = |sum: &mut f64| -> Result<()> {
        let now = cpu_seconds()?;
        *sum += now - last;
        last = now;
        Ok(())
    };
    let mut mixed = 0u8;
    for bytes in batch {
        mixed ^= blake3::keyed_hash(&[7; 32], bytes).as_bytes()[0];
        parts.bytes += bytes.len() as u64;
    }
    lap(&mut parts.hash)?;
    let packed =
        batch.iter().map(|bytes| compressor.compress(bytes)).collect::<Result<Vec<_>, _>>()?;
    lap(&mut parts.compress)?;
    for (bytes, packed) in batch.iter().zip(&packed) {
        mixed ^= decompressor.decompress(packed, bytes.len())?[0];
    }
    lap(&mut parts.decompress)?;
    let key = UnboundKey::new(&AES_256_GCM, &[mixed; 32]).map_err(|_| anyhow::anyhow!("key"))?;
    let key = LessSafeKey::new(key);
    for mut packed in packed {
        parts.packed += packed.len() as u64;
        let nonce = Nonce::assume_unique_for_key([0; 12]);
        key.seal_in_place_append_tag(nonce, Aad::empty(), &mut packed)
            .map_err(|_| anyhow::anyhow!("seal"))?;
    }
    lap(&mut parts.seal)
}
