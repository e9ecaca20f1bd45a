//! CBOR with indexed fields, and the few types that need a form of their own.

use minicbor::{Decode, Encode};

use super::FormatError;

/// Writes a value.
pub(crate) fn encode<T: Encode<()>>(value: &T) -> Vec<u8> {
    minicbor::to_vec(value).expect("writing to memory cannot fail")
}

/// Reads exactly one value that fills `bytes`.
pub(crate) fn decode<T: for<'b> Decode<'b, ()>>(bytes: &[u8]) -> Result<T, FormatError> {
    let mut decoder = minicbor::Decoder::new(bytes);
    let value = decoder.decode().map_err(|e| FormatError::Structure(e.to_string()))?;
    if decoder.position() == bytes.len() { Ok(value) } else { Err(FormatError::Length) }
}

/// Times as milliseconds since 1970, UTC.
pub(crate) mod time {
    use chrono::{DateTime, Utc};
    use minicbor::decode::{Decoder, Error};
    use minicbor::encode::{self, Encoder, Write};

    pub(crate) fn encode<C, W: Write>(
        time: &DateTime<Utc>,
        e: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), encode::Error<W::Error>> {
        e.i64(time.timestamp_millis())?.ok()
    }

    pub(crate) fn decode<C>(d: &mut Decoder<'_>, _: &mut C) -> Result<DateTime<Utc>, Error> {
        let millis = d.i64()?;
        DateTime::from_timestamp_millis(millis).ok_or_else(|| Error::message("time out of range"))
    }
}

/// Lengths as a number of bytes.
pub(crate) mod len {
    use kuramori_block::ByteLen;
    use minicbor::decode::{Decoder, Error};
    use minicbor::encode::{self, Encoder, Write};

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "the derive passes references")]
    pub(crate) fn encode<C, W: Write>(
        len: &ByteLen,
        e: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), encode::Error<W::Error>> {
        e.u64(len.get())?.ok()
    }

    pub(crate) fn decode<C>(d: &mut Decoder<'_>, _: &mut C) -> Result<ByteLen, Error> {
        d.u64().map(ByteLen::new)
    }
}
