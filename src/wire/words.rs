//! Bytes as words that people read aloud: the PGP word list (Juola and Zimmermann, 1995).
//!
//! Each byte is one word. Bytes at even places have words of two syllables and those at odd places
//! words of three, so that a word left out, doubled or swapped with its neighbour is heard. The list
//! was made to be told apart over a bad line, and people who hold key ceremonies know it.

/// Why a text is not the words of any bytes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WordsError {
    /// A word that the list doesn't have.
    #[error("word {number}, {word:?}, is not in the PGP word list")]
    Unknown {
        /// Its place, from 1.
        number: usize,
        /// The word.
        word: String,
    },
    /// A word that stands at places of the other kind alone.
    #[error(
        "word {number}, {word:?}, can't stand there: one before it is missing, doubled or swapped"
    )]
    Place {
        /// Its place, from 1.
        number: usize,
        /// The word.
        word: String,
    },
    /// More words than are read.
    #[error("more than {WORDS_MAX} words")]
    TooMany,
}

/// The words of these bytes, with a blank between.
#[must_use]
pub fn words(bytes: &[u8]) -> String {
    let lists = [&EVEN, &ODD].into_iter().cycle();
    let words = bytes.iter().zip(lists);
    let words = words.filter_map(|(byte, list)| list.get(usize::from(*byte)).copied());
    words.collect::<Vec<_>>().join(" ")
}

/// The bytes of words, whatever their case and the white space between them.
///
/// # Errors
/// [`WordsError`], at the first word that is wrong.
pub fn bytes_of_words(text: &str) -> Result<Vec<u8>, WordsError> {
    let lists = [(&EVEN, &ODD), (&ODD, &EVEN)].into_iter().cycle();
    let mut bytes = Vec::new();
    for ((number, word), (list, other)) in (1..).zip(text.split_whitespace()).zip(lists) {
        if number > WORDS_MAX {
            return Err(WordsError::TooMany);
        }
        let word_of = || word.chars().take(LONGEST_WORD).collect();
        match place_in(list, word) {
            Some(byte) => bytes.push(byte),
            None if place_in(other, word).is_some() => {
                return Err(WordsError::Place {
                    number,
                    word: word_of(),
                });
            }
            None => {
                return Err(WordsError::Unknown {
                    number,
                    word: word_of(),
                });
            }
        }
    }
    Ok(bytes)
}

fn place_in(list: &[&str; 256], word: &str) -> Option<u8> {
    let at = list.iter().position(|one| one.eq_ignore_ascii_case(word))?;
    u8::try_from(at).ok()
}

/// The most words that are read: those of 64 bytes.
pub const WORDS_MAX: usize = 64;
/// Of a word that is none, no more is told.
const LONGEST_WORD: usize = 32;

/// The words of bytes at even places, of two syllables.
#[rustfmt::skip]
const EVEN: [&str; 256] = [
    "aardvark", "absurd", "accrue", "acme", "adrift", "adult", "afflict", "ahead", "aimless",
    "Algol", "allow", "alone", "ammo", "ancient", "apple", "artist", "assume", "Athens", "atlas",
    "Aztec", "baboon", "backfield", "backward", "banjo", "beaming", "bedlamp", "beehive", "beeswax",
    "befriend", "Belfast", "berserk", "billiard", "bison", "blackjack", "blockade", "blowtorch",
    "bluebird", "bombast", "bookshelf", "brackish", "breadline", "breakup", "brickyard",
    "briefcase", "Burbank", "button", "buzzard", "cement", "chairlift", "chatter", "checkup",
    "chisel", "choking", "chopper", "Christmas", "clamshell", "classic", "classroom", "cleanup",
    "clockwork", "cobra", "commence", "concert", "cowbell", "crackdown", "cranky", "crowfoot",
    "crucial", "crumpled", "crusade", "cubic", "dashboard", "deadbolt", "deckhand", "dogsled",
    "dragnet", "drainage", "dreadful", "drifter", "dropper", "drumbeat", "drunken", "Dupont",
    "dwelling", "eating", "edict", "egghead", "eightball", "endorse", "endow", "enlist", "erase",
    "escape", "exceed", "eyeglass", "eyetooth", "facial", "fallout", "flagpole", "flatfoot",
    "flytrap", "fracture", "framework", "freedom", "frighten", "gazelle", "Geiger", "glitter",
    "glucose", "goggles", "goldfish", "gremlin", "guidance", "hamlet", "highchair", "hockey",
    "indoors", "indulge", "inverse", "involve", "island", "jawbone", "keyboard", "kickoff", "kiwi",
    "klaxon", "locale", "lockup", "merit", "minnow", "miser", "Mohawk", "mural", "music",
    "necklace", "Neptune", "newborn", "nightbird", "Oakland", "obtuse", "offload", "optic", "orca",
    "payday", "peachy", "pheasant", "physique", "playhouse", "Pluto", "preclude", "prefer",
    "preshrunk", "printer", "prowler", "pupil", "puppy", "python", "quadrant", "quiver", "quota",
    "ragtime", "ratchet", "rebirth", "reform", "regain", "reindeer", "rematch", "repay", "retouch",
    "revenge", "reward", "rhythm", "ribcage", "ringbolt", "robust", "rocker", "ruffled", "sailboat",
    "sawdust", "scallion", "scenic", "scorecard", "Scotland", "seabird", "select", "sentence",
    "shadow", "shamrock", "showgirl", "skullcap", "skydive", "slingshot", "slowdown", "snapline",
    "snapshot", "snowcap", "snowslide", "solo", "southward", "soybean", "spaniel", "spearhead",
    "spellbind", "spheroid", "spigot", "spindle", "spyglass", "stagehand", "stagnate", "stairway",
    "standard", "stapler", "steamship", "sterling", "stockman", "stopwatch", "stormy", "sugar",
    "surmount", "suspense", "sweatband", "swelter", "tactics", "talon", "tapeworm", "tempest",
    "tiger", "tissue", "tonic", "topmost", "tracker", "transit", "trauma", "treadmill", "Trojan",
    "trouble", "tumor", "tunnel", "tycoon", "uncut", "unearth", "unwind", "uproot", "upset",
    "upshot", "vapor", "village", "virus", "Vulcan", "waffle", "wallet", "watchword", "wayside",
    "willow", "woodlark", "Zulu",
];

/// The words of bytes at odd places, of three syllables.
#[rustfmt::skip]
const ODD: [&str; 256] = [
    "adroitness", "adviser", "aftermath", "aggregate", "alkali", "almighty", "amulet", "amusement",
    "antenna", "applicant", "Apollo", "armistice", "article", "asteroid", "Atlantic", "atmosphere",
    "autopsy", "Babylon", "backwater", "barbecue", "belowground", "bifocals", "bodyguard",
    "bookseller", "borderline", "bottomless", "Bradbury", "bravado", "Brazilian", "breakaway",
    "Burlington", "businessman", "butterfat", "Camelot", "candidate", "cannonball", "Capricorn",
    "caravan", "caretaker", "celebrate", "cellulose", "certify", "chambermaid", "Cherokee",
    "Chicago", "clergyman", "coherence", "combustion", "commando", "company", "component",
    "concurrent", "confidence", "conformist", "congregate", "consensus", "consulting", "corporate",
    "corrosion", "councilman", "crossover", "crucifix", "cumbersome", "customer", "Dakota",
    "decadence", "December", "decimal", "designing", "detector", "detergent", "determine",
    "dictator", "dinosaur", "direction", "disable", "disbelief", "disruptive", "distortion",
    "document", "embezzle", "enchanting", "enrollment", "enterprise", "equation", "equipment",
    "escapade", "Eskimo", "everyday", "examine", "existence", "exodus", "fascinate", "filament",
    "finicky", "forever", "fortitude", "frequency", "gadgetry", "Galveston", "getaway", "glossary",
    "gossamer", "graduate", "gravity", "guitarist", "hamburger", "Hamilton", "handiwork",
    "hazardous", "headwaters", "hemisphere", "hesitate", "hideaway", "holiness", "hurricane",
    "hydraulic", "impartial", "impetus", "inception", "indigo", "inertia", "infancy", "inferno",
    "informant", "insincere", "insurgent", "integrate", "intention", "inventive", "Istanbul",
    "Jamaica", "Jupiter", "leprosy", "letterhead", "liberty", "maritime", "matchmaker", "maverick",
    "Medusa", "megaton", "microscope", "microwave", "midsummer", "millionaire", "miracle",
    "misnomer", "molasses", "molecule", "Montana", "monument", "mosquito", "narrative", "nebula",
    "newsletter", "Norwegian", "October", "Ohio", "onlooker", "opulent", "Orlando", "outfielder",
    "Pacific", "pandemic", "Pandora", "paperweight", "paragon", "paragraph", "paramount",
    "passenger", "pedigree", "Pegasus", "penetrate", "perceptive", "performance", "pharmacy",
    "phonetic", "photograph", "pioneer", "pocketful", "politeness", "positive", "potato",
    "processor", "provincial", "proximate", "puberty", "publisher", "pyramid", "quantity",
    "racketeer", "rebellion", "recipe", "recover", "repellent", "replica", "reproduce", "resistor",
    "responsive", "retraction", "retrieval", "retrospect", "revenue", "revival", "revolver",
    "sandalwood", "sardonic", "Saturday", "savagery", "scavenger", "sensation", "sociable",
    "souvenir", "specialist", "speculate", "stethoscope", "stupendous", "supportive", "surrender",
    "suspicious", "sympathy", "tambourine", "telephone", "therapist", "tobacco", "tolerance",
    "tomorrow", "torpedo", "tradition", "travesty", "trombonist", "truncated", "typewriter",
    "ultimate", "undaunted", "underfoot", "unicorn", "unify", "universe", "unravel", "upcoming",
    "vacancy", "vagabond", "vertigo", "Virginia", "visitor", "vocalist", "voyager", "warranty",
    "Waterloo", "whimsical", "Wichita", "Wilmington", "Wyoming", "yesteryear", "Yucatan",
];

#[cfg(test)]
mod tests {
    use sha2::{Digest, Sha256};

    use super::*;

    /// What `docs/usage.md` of IANA's dnssec-keytools shows for the line `hello, world`.
    const HELLO: &str = "music customer waffle consensus flagpole Orlando goggles suspicious virus \
        candidate snowslide underfoot treadmill tambourine stockman hazardous payday Galveston \
        swelter performance revenge integrate Dupont Brazilian concert revolver bison surrender \
        kiwi mosquito facial butterfat";

    #[test]
    fn the_words_are_those_of_ianas_tools() {
        let hash = Sha256::digest(b"hello, world\n");
        assert_eq!(words(&hash), HELLO);
        assert_eq!(bytes_of_words(HELLO).unwrap(), hash.to_vec());
    }

    #[test]
    fn every_byte_is_read_back_at_both_places_in_whatever_case() {
        for byte in 0..=255 {
            let text = words(&[byte, byte]);
            assert_eq!(text.split(' ').count(), 2);
            for text in [text.clone(), text.to_uppercase(), format!("\n {text}\t")] {
                assert_eq!(bytes_of_words(&text), Ok(vec![byte, byte]), "{text:?}");
            }
        }
        assert_eq!(bytes_of_words(" "), Ok(Vec::new()));
    }

    #[test]
    fn a_word_left_out_doubled_or_swapped_is_named() {
        for text in [
            "music customer consensus",
            "music music customer",
            "customer music",
        ] {
            let found = bytes_of_words(text).unwrap_err();
            assert!(matches!(found, WordsError::Place { .. }), "{text}: {found}");
        }
        let unknown = bytes_of_words("music customer wafle").unwrap_err();
        let word = "wafle".to_owned();
        assert_eq!(unknown, WordsError::Unknown { number: 3, word });
        let many = "music customer ".repeat(33);
        assert_eq!(bytes_of_words(&many), Err(WordsError::TooMany));
    }
}
