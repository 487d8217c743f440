"""How words of anatomy relate: which exclude each other, which stand for each other, which name a kind of thing."""

__all__ = ["CONTRARY", "DIRECTIONS", "FOREIGN", "HEADS", "NEAR"]


def _list(text: str) -> list[str]:
    return text.split()


_SIDES = (
    ("anterior", "posterior"), ("superior", "inferior"), ("dorsal", "ventral"), ("medial", "lateral"),
    ("rostral", "caudal"), ("external", "internal"), ("left", "right"), ("deep", "superficial"),
    ("large", "small"), ("gray", "white"), ("motor", "sensory"), ("ascending", "descending"),
    ("magnocellular", "parvicellular"), ("anterior", "caudal"), ("posterior", "rostral"),
    ("medial", "middle"), ("lateral", "middle"), ("superior", "middle"),
    ("inferior", "middle"), ("superior", "intermediate"), ("inferior", "intermediate"), ("left", "paired"),
    ("lateral", "intermediate"), ("medial", "intermediate"), ("deep", "intermediate"), ("superficial", "intermediate"),
    ("central", "lateral"), ("central", "medial"), ("central", "peripheral"), ("horizontal", "vertical"),
    ("anterior", "central"), ("posterior", "central"),
    ("anterior", "middle"), ("posterior", "middle"), ("anterior", "intermediate"), ("posterior", "intermediate"),
    ("dorsal", "intermediate"), ("ventral", "intermediate"), ("1", "2"),
)  # fmt: skip

#: pairs of directions that exclude each other
CONTRARY: frozenset[tuple[str, str]] = frozenset(_SIDES) | frozenset((b, a) for a, b in _SIDES)
DIRECTIONS: frozenset[str] = frozenset(word for pair in _SIDES for word in pair) - {"1", "2"}


#: what kind of thing it is: the head noun
HEADS: frozenset[str] = frozenset(
    _list(
        "nucle gyrus sulcus fissure tract nerve bundle lobe lobule layer lamin commissure ganglion plex cortex area "
        "ventricle horn root branch plate body peduncle decussation fiber capsul coll segment pole operculum gland "
        "epithel meninx artery vein bone muscle stria arm lemnisc column funicul pallidum matter zone complex pit placod "
        "crest primord vesicl tube cleft recess limb nerve-ending corpuscl duct foramen membrane"
    )
)

_NEAR_GROUPS = (
    "anterior rostral",
    "posterior caudal",
    "anterior ventral",
    "posterior dorsal",
    "superior dorsal",
    "inferior ventral",
    "sulcus fissure groove",
    "lobe lobule",
    "gyrus lobule",
    "tract bundle fiber",
    "bundle lemnisc",
    "column funicul",
    "branch limb",
    "area cortex field",
    "layer lamin zone",
    "commissure decussation",
    "superficial external",
    "deep internal",
    "complex group",
    "magnocellular large gigantocellular",
    "parvicellular small",
    "olive nucle",
    "cortex gray matter",
    "median medial",
    "middle intermediate",
    "middle median",
    "central middle",
    "nerve branch",
    "spinal cord",
    "segment level",
    "descending inferior",
    "principal main",
    "neuron cell",
    "body part",
    "brain cerebr",
)
#: pairs of words that often stand for each other
NEAR: frozenset[tuple[str, str]] = frozenset(
    (a, b) for group in _NEAR_GROUPS for a in group.split() for b in group.split() if a != b
)

_OTHER_SYSTEMS = (
    "bone muscle artery vein cartilage tooth fossa foramen gland skin suture ligament lymph lymphatic sinus duct blood "
    "vessel vasculature capillary mucosa mesenchyme mesoderm ectoderm tongue lip nose nasal jaw palate maxilla maxillary "
    "mandible mandibular process canal eyelid hair scale fin beak feather arch cornea lens iris sclera conjunctiva "
    "skeleton skull cranium cranial orbit tendon joint vertebra rib finger digit hand trunk heart liver lung kidney "
    "stomach intestine bowel pancreas spleen thyroid thymus tonsil trachea larynx pharynx pharyngeal esophagus bladder "
    "uterus ovary testis prostate mammary breast epidermis dermis fascia aorta atrium valve cavity follicle premolar "
    "molar incisor canine gum gingiva barbel antler tentacle gill operculate whisker tympanic tympanum stapes incus "
    "malleus auricle auricular pinna cheek chin mouth oral buccal face throat forehead eyebrow eyelash tear lacrimal "
    "chamber humor crystalline ciliary uvea stroma endothelium tissue acinus lobule-of-gland sac snout muzzle "
    "sphenoid ethmoid occipital-bone vomer zygomatic hyoid sternum clavicle scapula pelvis femur tibia carpal tarsal "
    "semicircular vitreous choana naris nostril uvula-of-palate dentine enamel pulp bursa sinusoid"
)
#: words for what belongs to other organ systems than the nervous one (nerves are named after them too)
FOREIGN: frozenset[str] = frozenset(_OTHER_SYSTEMS.split())
