use super::*;

fn plan(kind: SlotKind) -> SlotPlan {
    SlotPlan {
        id: SlotId::from_bytes([1; 16]),
        kind,
        kdf: None,
        salt: [2; 32],
        created: DateTime::UNIX_EPOCH,
    }
}

#[test]
fn a_slot_opens_with_its_secret_for_its_repository_only() {
    let repository = RepositoryId::from_bytes([3; 16]);
    let secret = Secret::new([4; 32]);
    let master = MasterKey::from_bytes([5; 32]);
    let slot = plan(SlotKind::KeyFile).wrap(repository, &secret, &master).unwrap();
    let opened = slot.unwrap_with(repository, &secret).unwrap().unwrap();
    assert_eq!(opened.expose(), master.expose());
    assert!(slot.unwrap_with(repository, &Secret::new([9; 32])).unwrap().is_none());
    let other = RepositoryId::from_bytes([9; 16]);
    assert!(slot.unwrap_with(other, &secret).unwrap().is_none());
    let mut changed = slot.clone();
    changed.wrapped[0] ^= 1;
    let result = changed.unwrap_with(repository, &secret).map(|_| ());
    assert_eq!(result, Err(FormatError::Authentication));
    assert_eq!(Slot::read(&slot.write(repository), repository, slot.id), Ok(slot));
}

#[test]
fn kinds_and_parameters_must_fit() {
    let repository = RepositoryId::from_bytes([3; 16]);
    let secret = Secret::new([4; 32]);
    let master = MasterKey::from_bytes([5; 32]);
    let slot = plan(SlotKind::Passphrase).wrap(repository, &secret, &master).unwrap();
    assert!(slot.check().is_err(), "a passphrase without Argon2 is refused");
}

/// Numbers of GF(2¹²⁸) as GCM has them: the first bit is the highest power of two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Gf(u128);

impl Gf {
    fn of(bytes: &[u8]) -> Self {
        Self(u128::from_be_bytes(bytes.try_into().unwrap()))
    }

    fn add(self, other: Self) -> Self {
        Self(self.0 ^ other.0)
    }

    fn times(self, other: Self) -> Self {
        let (mut product, mut v) = (0, other.0);
        for bit in (0..128).rev() {
            if self.0 >> bit & 1 == 1 {
                product ^= v;
            }
            v = if v & 1 == 1 { (v >> 1) ^ (0xE1 << 120) } else { v >> 1 };
        }
        Self(product)
    }

    fn power(self, n: u32) -> Self {
        (0..n).fold(Self(1 << 127), |product, _| product.times(self))
    }

    /// To the power of 2¹²⁸ − 2.
    fn inverse(self) -> Self {
        let mut square = self;
        (1..128).fold(Self(1 << 127), |product, _| {
            square = square.times(square);
            product.times(square)
        })
    }
}

/// What a key does with nonce 0: the hash key and the mask of the tag.
fn gcm(key: &Secret<[u8; 32]>) -> (Gf, Gf) {
    let tag = |aad: &[u8]| {
        let mut frame = [0; TAG_LEN];
        Sealer::new(key).seal(aad, &mut frame).unwrap();
        Gf::of(&frame)
    };
    let mask = tag(&[]);
    // One block of zeros to authenticate: the tag is (its length in bits) · H + mask.
    let hash_key = tag(&[0; 16]).add(mask).times(Gf(128 << 64).inverse());
    (hash_key, mask)
}

/// Makes bytes that two secrets open under one slot: AES-GCM does not commit to its key. Without
/// the commitment, a store could learn which of two passphrases somebody has, halving the rest
/// with each try.
#[test]
fn no_slot_opens_with_two_keys() {
    let repository = RepositoryId::from_bytes([3; 16]);
    let secrets = [Secret::new([4; 32]), Secret::new([5; 32])];
    let keys = secrets.each_ref().map(|s| plan(SlotKind::KeyFile).keys(repository, s));
    let [(h1, mask1), (h2, mask2)] = keys.each_ref().map(|k| gcm(&k.wrapping));
    let aad = &keys[0].aad;
    let blocks: Vec<Gf> = aad
        .chunks(16)
        .map(|part| {
            let mut block = [0; 16];
            block[..part.len()].copy_from_slice(part);
            Gf::of(&block)
        })
        .collect();
    let first = Gf(77);
    let lengths = Gf(((aad.len() as u128 * 8) << 64) | 256);
    // The tag is the sum of each block times a falling power of H; the second cipher block, times
    // H², makes both keys agree.
    let rest = |h: Gf, mask: Gf| {
        let count = u32::try_from(blocks.len()).unwrap();
        let aad = blocks
            .iter()
            .zip(0u32..)
            .fold(Gf(0), |sum, (block, at)| sum.add(block.times(h.power(count - at + 3))));
        aad.add(first.times(h.power(3))).add(lengths.times(h)).add(mask)
    };
    let (rest1, rest2) = (rest(h1, mask1), rest(h2, mask2));
    let second = rest1.add(rest2).times(h1.power(2).add(h2.power(2)).inverse());
    let tag = rest1.add(second.times(h1.power(2)));
    let mut wrapped = [0; 48];
    for (to, block) in wrapped.chunks_mut(16).zip([first, second, tag]) {
        to.copy_from_slice(&block.0.to_be_bytes());
    }
    let open = |at: usize| {
        Opener::new(&keys[at].wrapping).open(0, &keys[at].aad, &mut wrapped.clone()).is_ok()
    };
    assert!(open(0) && open(1), "the cipher alone takes both");
    let master = MasterKey::from_bytes([5; 32]);
    let mut slot = plan(SlotKind::KeyFile).wrap(repository, &secrets[0], &master).unwrap();
    slot.wrapped = wrapped;
    assert!(slot.unwrap_with(repository, &secrets[0]).unwrap().is_some());
    assert!(slot.unwrap_with(repository, &secrets[1]).unwrap().is_none(), "the slot takes one");
}
