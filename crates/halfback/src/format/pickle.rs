//! Python's pickles, joblib's too: their opcodes are told apart, and none is carried out.
//!
//! Any pickle counts as executable: loading imports and calls what it names. Where this reads an opcode
//! otherwise than Python does, it reads more leniently: what Python would load must not pass for
//! something else.
//!
//! Source: `Lib/pickletools.py` of `CPython`, and `joblib/numpy_pickle.py`, which puts the bytes of each
//! array between the opcodes, behind a `NumpyArrayWrapper`.

use std::collections::{BTreeSet, HashMap};
use std::io::Read;

use flate2::read::{MultiGzDecoder, ZlibDecoder};

use super::Format;
use super::source::{Look, Source, Stop, behind};

/// How many opcodes are told apart.
const MAX_OPCODES: usize = 1_000_000;
/// How many texts are kept for later opcodes to refer to.
const MAX_TEXTS: usize = 100_000;
/// How long a text can be to be a name.
const MAX_NAME: u64 = 1 << 10;
const MAX_MODULES: usize = 64;
/// The latest protocol.
const MAX_PROTOCOL: u8 = 5;
/// How much of a compressed file is inflated.
const MAX_INFLATED: u64 = 4 << 20;
/// How much is searched for a version at each end.
const MAX_SEARCHED: usize = 1 << 20;
/// What `torch.save` began with before it wrote archives: a pickled number.
const TORCH_LEGACY: &[u8] = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.";

pub(super) fn recognise(source: &Source<'_>) -> Look<Format> {
    if source.begins(TORCH_LEGACY)? {
        let mut format = Format::new("pytorch", "torch.save");
        format.executable = true;
        return Ok(format);
    }
    let Some(compression) = compression(source)? else { return plain(source) };
    let packed = source.upto(0, MAX_SEARCHED)?;
    let mut bytes = Vec::new();
    // A prefix that ends early is looked at as far as it goes.
    let read = match compression {
        "zlib" => streams(&packed, &mut bytes),
        "gzip" => MultiGzDecoder::new(&*packed).take(MAX_INFLATED).read_to_end(&mut bytes),
        _ => return Ok(opaque(source, compression)),
    };
    let cut = read.is_err()
        || bytes.len() as u64 >= MAX_INFLATED
        || (packed.len() as u64) < source.size();
    let mut format = plain(&Source::memory(bytes, source.path(), cut))?;
    format.note("compression", compression);
    Ok(format)
}

/// Inflates streams of zlib's, which joblib reads one behind the other.
fn streams(mut packed: &[u8], bytes: &mut Vec<u8>) -> std::io::Result<usize> {
    while !packed.is_empty() && (bytes.len() as u64) < MAX_INFLATED {
        let mut stream = ZlibDecoder::new(packed);
        let left = MAX_INFLATED - bytes.len() as u64;
        stream.by_ref().take(left).read_to_end(bytes)?;
        let taken = usize::try_from(stream.total_in()).unwrap_or(usize::MAX);
        packed = packed.get(taken.max(1)..).unwrap_or_default();
    }
    Ok(bytes.len())
}

/// The compressions that joblib knows, by their magic.
pub(super) fn compression(source: &Source<'_>) -> Look<Option<&'static str>> {
    const MAGIC: &[(&[u8], &str)] = &[
        (b"\x78\x01", "zlib"),
        (b"\x78\x5e", "zlib"),
        (b"\x78\x9c", "zlib"),
        (b"\x78\xda", "zlib"),
        (b"\x1f\x8b", "gzip"),
        (b"BZh", "bz2"),
        (b"\xfd7zXZ\0", "xz"),
        (b"\x5d\0\0", "lzma"),
        (b"\x04\x22\x4d\x18", "lz4"),
    ];
    for (magic, name) in MAGIC {
        if source.begins(magic)? {
            return Ok(Some(name));
        }
    }
    Ok(None)
}

/// Compressed by what is not read here: only the name can say that it is a pickle, and no name can say
/// that it is none.
fn opaque(source: &Source<'_>, compression: &str) -> Format {
    let name = source.path().rsplit('/').next().unwrap_or_default();
    let named = [".pkl", ".pickle", ".joblib"].iter().any(|ending| name.contains(ending));
    let mut format = if named { Format::new("pickle", "joblib") } else { Format::default() };
    format.executable = true;
    format.note("compression", compression);
    format
}

fn plain(source: &Source<'_>) -> Look<Format> {
    let scan = scan(source)?;
    let flavor = scan
        .class()
        .and_then(flavor_of)
        .or_else(|| scan.modules.iter().find_map(|module| flavor_of(module)))
        .unwrap_or("pickle");
    let mut format = Format::new(flavor, if scan.arrays { "joblib" } else { "pickle" });
    format.executable = true;
    scan.tell(&mut format);
    if flavor == "sklearn"
        && let Some(version) = sklearn_version(source)?
    {
        format.version(version);
    }
    Ok(format)
}

/// The flavor of a class's module.
pub(super) fn flavor_of(module: &str) -> Option<&'static str> {
    match module.split('.').next()? {
        "sklearn" => Some("sklearn"),
        "xgboost" => Some("xgboost"),
        "lightgbm" => Some("lightgbm"),
        "catboost" => Some("catboost"),
        "statsmodels" => Some("statsmodels"),
        "prophet" => Some("prophet"),
        "torch" => Some("pytorch"),
        "keras" => Some("keras"),
        "transformers" => Some("transformers"),
        _ => None,
    }
}

/// The text behind the key `_sklearn_version` in the state of an estimator.
fn sklearn_version(source: &Source<'_>) -> Look<Option<String>> {
    let version = |rest: &[u8]| -> Option<String> {
        // Between key and value, the key is put into the memo.
        let rest = match rest {
            [0x94, value @ ..] | [b'q', _, value @ ..] | [b'r', _, _, _, _, value @ ..] => value,
            _ => rest,
        };
        let text = match rest {
            [0x8c, length, rest @ ..] | [b'X', length, 0, 0, 0, rest @ ..] => {
                rest.get(..usize::from(*length))?
            }
            _ => return None,
        };
        let text = str::from_utf8(text).ok()?;
        text.starts_with(|it: char| it.is_ascii_digit()).then(|| text.to_owned())
    };
    for bytes in [source.upto(0, MAX_SEARCHED)?, source.tail(MAX_SEARCHED)?] {
        if let Some(version) = behind(&bytes, b"_sklearn_version").find_map(version) {
            return Ok(Some(version));
        }
    }
    Ok(None)
}

/// What the opcodes say.
pub(super) struct Scan {
    /// The first class or function that is named.
    first: Option<(String, String)>,
    /// The outermost module of each class and function.
    modules: BTreeSet<String>,
    /// Whether joblib's arrays stand between the opcodes.
    arrays: bool,
    /// Whether anything is imported.
    imports: bool,
    /// Whether the look ended before the opcodes did.
    cut: bool,
}

impl Scan {
    /// Whether there is anything to load, or may be: a mark alone can stand before other content.
    pub(super) fn runs(&self) -> bool {
        self.imports || self.cut
    }

    fn class(&self) -> Option<&str> {
        self.first.as_ref().map(|(module, _)| module.as_str())
    }

    pub(super) fn tell(&self, format: &mut Format) {
        if let Some((module, name)) = &self.first {
            format.note("class", format!("{module}.{name}"));
        }
        let modules: Vec<&str> = self.modules.iter().map(String::as_str).collect();
        format.note("modules", modules.join(", "));
    }
}

/// Tells the opcodes apart until the end, the first that is none, or the first array of joblib's.
///
/// With the mark of protocol 2 or later it is a pickle whatever comes then: what stops here need not
/// stop Python. Older pickles have no mark of their own, and plain text must not pass for one. They are
/// told by a call, which would have run whatever comes later, by an import in what ends like a pickle,
/// or by opcodes that go on for longer than is looked.
pub(super) fn scan(source: &Source<'_>) -> Look<Scan> {
    let marked = source.byte(0)? == 0x80 && source.byte(1)? <= MAX_PROTOCOL;
    let mut machine = Machine {
        source,
        at: 0,
        memo: HashMap::new(),
        memoized: 0,
        texts: [None, None],
        scan: Scan {
            first: None,
            modules: BTreeSet::new(),
            arrays: false,
            imports: false,
            cut: false,
        },
        pushed: 0,
        called: false,
        over: false,
    };
    let mut end = None;
    for _ in 0..MAX_OPCODES {
        match machine.opcode() {
            Ok(true) => {}
            Ok(false) => end = Some(true),
            Err(Stop::Else) => end = Some(false),
            Err(failed) => return Err(failed),
        }
        if end.is_some() {
            break;
        }
    }
    let begun = machine.pushed > 0;
    machine.scan.cut = begun && (end.is_none() || (machine.over && source.is_spent()));
    let imported = end == Some(true) && machine.scan.imports;
    if marked || machine.called || imported || machine.scan.cut {
        Ok(machine.scan)
    } else {
        Err(Stop::Else)
    }
}

struct Machine<'s, 'a> {
    source: &'s Source<'a>,
    at: u64,
    /// The texts among what is kept for later.
    memo: HashMap<u64, String>,
    memoized: u64,
    /// The last two texts, the later one last: what `STACK_GLOBAL` takes.
    texts: [Option<String>; 2],
    scan: Scan,
    /// How often something was put on the stack, where a call needs two.
    pushed: u64,
    called: bool,
    /// Whether the bytes came to their end.
    over: bool,
}

/// The opcodes that put something on the stack and need nothing there.
const PUSHES: &[u8] =
    b"()NFILSVPKMJGUTXCB]}cghj\x82\x83\x84\x88\x89\x8a\x8b\x8c\x8d\x8e\x8f\x96\x97";

impl Machine<'_, '_> {
    /// Passes one opcode; false when it was the last.
    fn opcode(&mut self) -> Look<bool> {
        let opcode = self.byte()?;
        match opcode {
            0x80 | 0x95 => {}
            _ if PUSHES.contains(&opcode) => self.pushed += 1,
            // It takes from the stack.
            _ if self.pushed == 0 => return Err(Stop::Else),
            b'2' => self.pushed += 1,
            _ => {}
        }
        match opcode {
            b'.' => return Ok(false),
            b'g' | b'h' | b'j' | b'p' | b'q' | b'r' | 0x94 => self.memoize(opcode)?,
            b'R' | b'o' | b'b' | 0x81 | 0x92 => {
                self.called |= self.pushed > 1 && self.scan.imports;
                if opcode == b'b' && self.scan.arrays {
                    return Err(Stop::Else);
                }
            }
            b'('
            | b')'
            | b't'
            | 0x85..=0x87
            | b'0'
            | b'1'
            | b'2'
            | b'N'
            | b'Q'
            | b'a'
            | b'd'
            | b'}'
            | b'e'
            | b'l'
            | b']'
            | b's'
            | b'u'
            | 0x88
            | 0x89
            | 0x8f
            | 0x90
            | 0x91
            | 0x97
            | 0x98 => {}
            0x93 => {
                self.scan.imports = true;
                // The texts may be others than those on the stack, which is not kept.
                if let [Some(module), Some(name)] = self.texts.clone()
                    && is_word(&module)
                    && is_word(&name)
                {
                    self.global(module, name);
                }
            }
            b'c' | b'i' => {
                let (module, name) = (self.line()?, self.line()?);
                if !is_word(&module) || !is_word(&name) {
                    return Err(Stop::Else);
                }
                self.global(module, name);
                self.called |= opcode == b'i';
            }
            b'F' | b'I' | b'L' => {
                let line = self.line()?.to_ascii_lowercase();
                let digit = line.contains(|it: char| it.is_ascii_digit());
                if !digit && !line.contains("inf") && !line.contains("nan") {
                    return Err(Stop::Else);
                }
            }
            b'S' => {
                let line = self.line()?;
                let text = line.strip_prefix(['\'', '"']).ok_or(Stop::Else)?;
                self.push(text.trim_end_matches(['\'', '"']).to_owned());
            }
            b'V' => {
                let line = self.line()?;
                self.push(line);
            }
            b'P' => {
                self.line()?;
            }
            // An extension's code stands for a class.
            0x82..=0x84 => {
                self.scan.imports = true;
                self.skip(1 << (opcode - 0x82))?;
            }
            b'K' | 0x80 => self.skip(1)?,
            b'M' => self.skip(2)?,
            b'J' => self.skip(4)?,
            b'G' | 0x95 => self.skip(8)?,
            b'U' | 0x8c => self.counted_text(1)?,
            b'T' | b'X' => self.counted_text(4)?,
            0x8d => self.counted_text(8)?,
            b'C' | 0x8a => self.counted(1)?,
            b'B' | 0x8b => self.counted(4)?,
            0x8e | 0x96 => self.counted(8)?,
            _ => return Err(Stop::Else),
        }
        Ok(true)
    }

    fn global(&mut self, module: String, name: String) {
        self.scan.imports = true;
        self.scan.arrays |= module.starts_with("joblib.") && name.ends_with("ArrayWrapper");
        if self.scan.modules.len() < MAX_MODULES {
            let outermost = module.split('.').next().unwrap_or_default();
            self.scan.modules.insert(outermost.to_owned());
        }
        self.scan.first.get_or_insert((module, name));
    }

    /// Keeps something in the memo, or takes it from there.
    fn memoize(&mut self, opcode: u8) -> Look<()> {
        let key = match opcode {
            b'g' | b'p' => self.key()?,
            b'h' | b'q' => self.number(1)?,
            b'j' | b'r' => self.number(4)?,
            _ => self.memoized,
        };
        if b"ghj".contains(&opcode) {
            self.recall(key);
        } else {
            self.keep(key);
        }
        Ok(())
    }

    fn push(&mut self, text: String) {
        self.texts.rotate_left(1);
        let [_, last] = &mut self.texts;
        *last = Some(text);
    }

    /// Keeps what is on top of the stack, which is a text as far as this matters.
    fn keep(&mut self, key: u64) {
        self.memoized += 1;
        let [_, last] = &self.texts;
        if let Some(text) = last
            && self.memo.len() < MAX_TEXTS
            && text.len() as u64 <= MAX_NAME
        {
            self.memo.insert(key, text.clone());
        }
    }

    fn recall(&mut self, key: u64) {
        if let Some(text) = self.memo.get(&key).cloned() {
            self.push(text);
        }
    }

    fn counted_text(&mut self, width: u64) -> Look<()> {
        let length = self.number(width)?;
        if length > MAX_NAME {
            return self.skip(length);
        }
        let start = self.at;
        self.skip(length)?;
        let bytes = self.source.exactly(start..self.at, 1 << 10)?;
        self.push(String::from_utf8_lossy(&bytes).into_owned());
        Ok(())
    }

    fn counted(&mut self, width: u64) -> Look<()> {
        let length = self.number(width)?;
        self.skip(length)
    }

    fn number(&mut self, width: u64) -> Look<u64> {
        let mut number = 0;
        for shift in 0..width {
            number |= u64::from(self.byte()?) << (8 * shift);
        }
        Ok(number)
    }

    /// The memo's key in a line, written as Python writes and reads numbers.
    fn key(&mut self) -> Look<u64> {
        let line = self.line()?;
        if !line.contains(|it: char| it.is_ascii_digit()) {
            return Err(Stop::Else);
        }
        let digits: String = line.chars().filter(char::is_ascii_digit).collect();
        Ok(digits.parse().unwrap_or(u64::MAX))
    }

    /// A line, of which the beginning is kept.
    fn line(&mut self) -> Look<String> {
        let mut line = Vec::new();
        loop {
            match self.byte()? {
                b'\n' => return Ok(String::from_utf8_lossy(&line).into_owned()),
                byte if (line.len() as u64) < MAX_NAME => line.push(byte),
                _ => {}
            }
        }
    }

    fn byte(&mut self) -> Look<u8> {
        let byte = self.source.byte(self.at);
        self.over |= matches!(byte, Err(Stop::Else));
        let byte = byte?;
        self.at += 1;
        Ok(byte)
    }

    fn skip(&mut self, length: u64) -> Look<()> {
        let end = self.at.checked_add(length).ok_or(Stop::Else)?;
        if end > self.source.size() {
            self.over = true;
            return Err(Stop::Else);
        }
        self.at = end;
        Ok(())
    }
}

fn is_word(text: &str) -> bool {
    let inner = |it: char| it.is_alphanumeric() || "_.-<>".contains(it);
    !text.is_empty() && text.chars().all(inner)
}
