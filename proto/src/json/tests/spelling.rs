//! Random requests, each as protobuf and in one of the many spellings that JSON has for it. Written against the
//! specification alone: it shares no code with the transcoder.

use crate::schema::{FieldDescriptor, Kind, MessageDescriptor};
use crate::wire::Writer;

/// A small generator of random numbers (splitmix64), so that a case is one seed.
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(super) fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound.max(1) as u64) as usize
    }

    fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    fn bits(&mut self) -> u64 {
        let width = self.below(65) as u32;
        self.next().checked_shr(64 - width).unwrap_or(0)
    }
}

pub(super) struct Spelling {
    random: Random,
    json: String,
}

impl Spelling {
    /// One request as canonical protobuf and as JSON.
    pub(super) fn of(root: &'static MessageDescriptor, random: Random) -> (Vec<u8>, String) {
        let mut spelling = Self {
            random,
            json: String::new(),
        };
        let mut out = Writer::default();
        spelling.message(root, 0, &mut out);
        (out.into_bytes(), spelling.json)
    }

    fn space(&mut self) {
        if self.random.one_in(8) {
            self.json
                .push_str(["\n", " ", "\t", " \r\n"][self.random.below(4)]);
        }
    }

    fn message(&mut self, descriptor: &'static MessageDescriptor, depth: usize, out: &mut Writer) {
        let mut fields: Vec<&FieldDescriptor> = descriptor.fields.iter().collect();
        for last in (1..fields.len()).rev() {
            fields.swap(last, self.random.below(last + 1));
        }
        let mut has_oneof = false;
        self.json.push('{');
        let mut first = true;
        for field in fields {
            let likely = depth < 4 && field.repeated;
            let skip = if likely {
                self.random.one_in(4)
            } else {
                self.random.one_in(2)
            };
            let too_deep = depth > 9 && matches!(field.kind, Kind::Message(_));
            if skip || too_deep || (field.oneof.is_some() && has_oneof) {
                self.noise(field, &mut first);
                continue;
            }
            has_oneof |= field.oneof.is_some();
            self.key(field.json_name, &mut first);
            if field.repeated {
                self.array(field, depth, out);
            } else {
                self.value(field, depth, out);
            }
        }
        self.space();
        self.json.push('}');
    }

    /// Members that mean nothing.
    fn noise(&mut self, field: &FieldDescriptor, first: &mut bool) {
        match self.random.below(12) {
            0 => {
                self.key(field.json_name, first);
                self.json.push_str("null");
            }
            1 => {
                let key = ["unknown", "", "résumé", "Key"][self.random.below(4)];
                self.key(key, first);
                self.json.push_str(
                    ["1", "[{\"a\":[]},\"}\"]", "{\"name\":\"\\\"\"}", "-1.5E+3"][self.random.below(4)],
                );
            }
            2 if field.name != field.json_name => {
                self.key(field.name, first);
                self.json.push_str("\"snake_case is unknown\"");
            }
            _ => {}
        }
    }

    fn key(&mut self, name: &str, first: &mut bool) {
        if !*first {
            self.json.push(',');
        }
        *first = false;
        self.space();
        self.text(name);
        self.space();
        self.json.push(':');
        self.space();
    }

    fn array(&mut self, field: &'static FieldDescriptor, depth: usize, out: &mut Writer) {
        let count = self.random.below(4);
        let packed = field.is_packed();
        let run = out.begin(field.number, 1);
        if !packed {
            out.cancel(run);
        }
        self.json.push('[');
        for nth in 0..count {
            if nth > 0 {
                self.json.push(',');
            }
            self.space();
            if packed {
                self.number(field.kind, out);
            } else {
                self.value(field, depth, out);
            }
        }
        self.json.push(']');
        if packed && count == 0 {
            out.cancel(run);
        } else if packed {
            out.end(run);
        }
    }

    fn value(&mut self, field: &'static FieldDescriptor, depth: usize, out: &mut Writer) {
        match field.kind {
            Kind::Message(descriptor) => {
                let mark = out.begin(field.number, 1);
                self.message(descriptor, depth + 1, out);
                out.end(mark);
            }
            Kind::String => {
                let words = [
                    "",
                    "a",
                    "service.name",
                    "\u{0}\u{1f}\u{7f}",
                    "\"\\/",
                    "naïve €",
                    "😀\u{10ffff}",
                    "\u{2028}",
                ];
                let count = self.random.below(4);
                let text: String = (0..count)
                    .map(|_| words[self.random.below(words.len())])
                    .collect();
                out.bytes_field(field.number, text.as_bytes());
                self.text(&text);
            }
            Kind::TraceId | Kind::SpanId => {
                let length = [0, 8, 16, 3][self.random.below(4)];
                let id: Vec<u8> = (0..length).map(|_| self.random.next() as u8).collect();
                out.bytes_field(field.number, &id);
                let upper = self.random.one_in(2);
                let digits: String = id
                    .iter()
                    .map(|b| {
                        if upper {
                            format!("{b:02X}")
                        } else {
                            format!("{b:02x}")
                        }
                    })
                    .collect();
                self.text(&digits);
            }
            Kind::Bytes => {
                let length = self.random.below(9);
                let bytes: Vec<u8> = (0..length).map(|_| self.random.next() as u8).collect();
                out.bytes_field(field.number, &bytes);
                let text = self.base64(&bytes);
                self.text(&text);
            }
            kind => {
                out.tag(field.number, kind.wire_type());
                self.number(kind, out);
            }
        }
    }

    fn base64(&mut self, bytes: &[u8]) -> String {
        const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let bits: String = bytes.iter().map(|b| format!("{b:08b}")).collect();
        let mut text: String = bits
            .as_bytes()
            .chunks(6)
            .map(|six| format!("{:0<6}", String::from_utf8_lossy(six)))
            .map(|six| char::from(DIGITS[usize::from_str_radix(&six, 2).unwrap()]))
            .collect();
        if self.random.one_in(2) {
            text = text.replace('+', "-").replace('/', "_");
        }
        while self.random.one_in(2) && !text.len().is_multiple_of(4) {
            text.push_str(&"=".repeat(4 - text.len() % 4));
        }
        text
    }

    fn number(&mut self, kind: Kind, out: &mut Writer) {
        let bits = self.random.bits();
        match kind {
            Kind::Bool => {
                out.varint(bits & 1);
                self.json.push_str(if bits & 1 == 1 { "true" } else { "false" });
            }
            Kind::Enum => {
                out.varint(i64::from(bits as i32) as u64);
                self.json.push_str(&(bits as i32).to_string());
            }
            Kind::Int32 => {
                out.varint(i64::from(bits as i32) as u64);
                self.integer(i128::from(bits as i32));
            }
            Kind::Uint32 => {
                out.varint(u64::from(bits as u32));
                self.integer(i128::from(bits as u32));
            }
            Kind::Sint32 => {
                let value = bits as i32;
                let zigzag = if value < 0 {
                    !(i64::from(value) * 2)
                } else {
                    i64::from(value) * 2
                };
                out.varint(zigzag as u64);
                self.integer(i128::from(value));
            }
            Kind::Int64 => {
                out.varint(bits);
                self.integer(i128::from(bits as i64));
            }
            Kind::Uint64 => {
                out.varint(bits);
                self.integer(i128::from(bits));
            }
            Kind::Fixed32 => {
                out.raw(&(bits as u32).to_le_bytes());
                self.integer(i128::from(bits as u32));
            }
            Kind::Fixed64 => {
                out.raw(&bits.to_le_bytes());
                self.integer(i128::from(bits));
            }
            Kind::Sfixed64 => {
                out.raw(&bits.to_le_bytes());
                self.integer(i128::from(bits as i64));
            }
            Kind::Double => {
                let value = self.double();
                out.raw(&value.to_le_bytes());
            }
            Kind::String | Kind::Bytes | Kind::TraceId | Kind::SpanId | Kind::Message(_) => unreachable!(),
        }
    }

    fn integer(&mut self, value: i128) {
        let zeros = value.to_string().bytes().rev().take_while(|&b| b == b'0').count();
        let text = match self.random.below(5) {
            0 => format!("{value}.0"),
            1 if value != 0 => format!("{value}000e-3"),
            2 if value != 0 => format!("{}E{zeros}", value / 10i128.pow(zeros as u32)),
            _ => value.to_string(),
        };
        if self.random.one_in(2) {
            self.text(&text);
        } else {
            self.json.push_str(&text);
        }
    }

    fn double(&mut self) -> f64 {
        let value = match self.random.below(6) {
            0 => f64::NAN,
            1 => f64::INFINITY,
            2 => f64::NEG_INFINITY,
            3 => self.random.below(1000) as f64 / 8.0,
            _ => f64::from_bits(self.random.next()),
        };
        if value.is_nan() {
            self.text("NaN");
            return f64::NAN;
        }
        if value.is_infinite() {
            self.text(if value > 0.0 { "Infinity" } else { "-Infinity" });
            return value;
        }
        let text = if self.random.one_in(2) {
            format!("{value:e}")
        } else {
            format!("{value}")
        };
        if self.random.one_in(4) {
            self.text(&text);
        } else {
            self.json.push_str(&text);
        }
        value
    }

    /// A string, each character in one of its spellings.
    fn text(&mut self, text: &str) {
        self.json.push('"');
        let plain = !self.random.one_in(4);
        for character in text.chars() {
            let must = character < ' ' || character == '"' || character == '\\';
            if !must && (plain || !self.random.one_in(3)) {
                self.json.push(character);
                continue;
            }
            let short = match character {
                '"' | '\\' | '/' => Some(character),
                '\n' => Some('n'),
                '\t' => Some('t'),
                _ => None,
            };
            match short {
                Some(short) if self.random.one_in(2) => self.json.extend(['\\', short]),
                _ => {
                    let mut units = [0; 2];
                    for unit in character.encode_utf16(&mut units) {
                        self.json.push_str(&format!("\\u{unit:04x}"));
                    }
                }
            }
        }
        self.json.push('"');
    }
}
