"""The words of anatomy as tables: which words are one and the same.

Facts of language, not a list of answers: Latin beside English, British beside American, the irregular
plurals and numbers in words.
"""

__all__ = [
    "APART", "COMBINING", "CRANIAL", "FILLER", "FRONT_BACK", "GREEK", "NUMBERS", "PHRASES", "PREFIXES", "SAME", "SPINAL",
]  # fmt: skip


def _list(text: str) -> list[str]:
    return text.split()


def _pairs(text: str) -> dict[str, str]:
    """``"to: from from"`` lines as ``{from: to}``."""
    table: dict[str, str] = {}
    for line in text.strip().splitlines():
        to, _, words = line.partition(":")
        for word in words.split():
            table[word] = to.strip()
    return table


#: whole words that mean the same; what is not here goes through the stemmer
SAME: dict[str, str] = _pairs("""
    cortex: cortex cortical cortices corticis corticalis cort cx
    nucle: nucleus nuclei nuclear nuclearis nuc nucl ncl
    layer: layer layers stratum strata lamellae couche tier
    lamin: lamina laminae laminar
    part: part parts pars partis partes portion portions subdivision subdivisions division divisions subnucleus subregion pt component sector
    branch: branch branches ramus rami
    root: root roots radix radices radicular
    horn: horn horns cornu cornua cornus cornual
    gray: gray grey griseum grisea griseus grisei griseae
    white: white alba album albae albus
    nerve: nerve nerves nervus nervi nervorum nerval nn
    tract: tract tracts tractus pathway pathways
    bundle: bundle bundles fascicle fascicles fasciculus fasciculi fasciculi fasc
    fiber: fiber fibers fibre fibres fibrae fibrarum
    body: body bodies corpus corporis corpora
    head: head heads caput capitis
    tail: tail tails cauda caudae
    neck: neck collum cervix
    arm: arm arms brachium brachia
    peduncle: peduncle peduncles pedunculus pedunculi peduncular ped
    groove: groove grooves
    fissure: fissure fissures fissura fissurae fiss
    sulcus: sulcus sulci sulcal sulc
    gyrus: gyrus gyri gyral convolution convolutions circumvolution gyr
    lobe: lobe lobes lobus lobi lobar lob
    lobule: lobule lobules lobulus lobuli lobular
    foot: foot pes pedis
    substance: substance substances substantia substantiae
    matter: matter materia
    web: tela telae
    floor: floor
    roof: roof tectum tectal tecti
    plate: plate plates lamina-plate
    bulb: bulb bulbs bulbus bulbi
    eye: eye eyes ocular oculi oculus eyeball
    brain: brain brains encephalon encephali encephalic
    spinal: spinal spinalis spine spinales medullaspinalis
    cord: cord cords chorda
    skin: skin cutis cutaneous cutaneus cutanei
    muscle: muscle muscles muscular musculus musculi muscularis
    ear: ear ears auris aural
    vein: vein veins vena venae venous
    artery: artery arteries arteria arteriae arterial
    bone: bone bones os ossis
    tooth: tooth teeth dens dentis
    first: primary
    second: secondary
    third: tertiary
    external: external externus externa externum externi externae outer exterior ext
    internal: internal internus interna internum interni internae inner interior int
    anterior: anterior anterius anterioris anteriores anteriorum ant
    posterior: posterior posterius posterioris posteriores posteriorum hind post
    superior: superior superius superioris superiores upper sup
    inferior: inferior inferius inferioris inferiores lower inf
    dorsal: dorsal dorsalis dorsale dorsales dorsali dorsum dorsi dors
    ventral: ventral ventralis ventrale ventrales ventrali vent
    medial: medial medialis mediale mediales mesial medially med mediale
    lateral: lateral lateralis laterale laterales laterally lat
    median: median mediana medianus medianum
    middle: middle medius media medium mid medii mid
    intermediate: intermediate intermedius intermedia intermedium intermedialis intermedial intermed
    rostral: rostral rostralis rostrale oral oralis cranial-ward
    caudal: caudal caudalis caudale
    central: central centralis centrale centrales center centre centrum centro
    deep: deep profundus profunda profundum profunde
    superficial: superficial superficialis superficiale superficiales
    proper: proper propria proprius proprium
    large: large magnus magna magnum major great
    small: small minor parvus
    magnocellular: magnocellular magnocellularis magnicellular magnocellulare large-celled gigantocellular
    parvicellular: parvicellular parvocellular parvicellularis parvocellularis parvicellulare small-celled
    gigantocellular: gigantocellular gigantocellularis
    transverse: transverse transversus transversa transversum transversi
    ascending: ascending ascendens ascendentis
    descending: descending descendens descendentis
    left: left sinister sinistra sinistrum
    right: right dexter dextra dextrum
    paired: bilateral both
    pituitary: pituitary hypophysis hypophysial hypophyseal hypophyseos hypophyseus
    pineal: pineal epiphysis epiphyseal
    solitary: solitary solitarius solitarii solitari solitariospinal
    mammillary: mammillary mamillary mammillaris mammillare mamillaris mamillare mammillarybody mammill
    caudate: caudate caudatus caudati
    lentiform: lentiform lenticular lentiformis
    pallidum: pallidum pallidus pallidal pallidi
    thalam: thalamus thalamic thalami thalamicus thal
    hypothalam: hypothalamus hypothalamic hypothalami hypothalamicae hypothalamica hypothal
    dienceph: diencephalon diencephalic diencephali interbrain betweenbrain
    mesenceph: mesencephalon mesencephalic mesencephali midbrain mesencephalicus
    telenceph: telencephalon telencephalic telencephali endbrain
    rhombenceph: rhombencephalon rhombencephalic hindbrain rhombencephali
    prosenceph: prosencephalon prosencephalic forebrain
    pons: pons pontine pontis pontes pontinus pontini
    medulla: medulla medullary medullae medullaris medullare oblongata oblongatae
    cerebell: cerebellum cerebellar cerebelli cerebellaris cerebel cereb
    cerebr: cerebrum cerebral cerebralis cerebri
    hippocamp: hippocampus hippocampal hippocampi hippocampalis hipp hippo
    amygdal: amygdala amygdaloid amygdalar amygdalae amygdaloideum amygdaloideus amygdaloidea amyg amygd
    striat: striatum striatal striati striate striatus neostriatum
    habenula: habenula habenular habenulae habenularis
    septum: septum septal septi septalis
    tegment: tegmentum tegmental tegmenti tegmentalis
    retina: retina retinal retinae
    insula: insula insular insulae insularis island islands islet islets
    choroid: choroid choroidal choroideus choroidea chorioid choroidalis
    optic: optic opticus optici optica opticum
    vagus: vagus vagal vagi
    vestibulocochlear: vestibulocochlear vestibulocochlearis statoacoustic acoustic-vestibular
    trochlear: trochlear trochlearis
    oculomotor: oculomotor oculomotorius oculomotorii
    abducens: abducens abducent abducentis
    facial: facial facialis
    trigeminal: trigeminal trigeminus trigemini trigeminalis trigem
    hypoglossal: hypoglossal hypoglossus hypoglossi hypoglossalis
    glossopharyngeal: glossopharyngeal glossopharyngeus glossopharyngei
    accessory: accessory accessorius accessorii accessoria
    olfactory: olfactory olfactorius olfactoria olfactorii olfactorium
    auditory: auditory auditorius acoustic acousticus acustic acustica
    cochlea: cochlear cochlea cochleae cochlearis cochleares
    eighth: statoacousticus
    raphe: raphe raphes raphae rhaphe
    meninx: meninx meninges meningeal meningeus meningea
    dura: dura pachymeninx dural
    pia: pia pial
    mater: mater matris
    ganglion: ganglion ganglia ganglionic ganglii gangl
    commissure: commissure commissures commissura commissurae commissural commissuralis comm
    decussation: decussation decussatio decussationis decussations crossing
    ventricle: ventricle ventricles ventricular ventriculus ventriculi
    coll: colliculus colliculi collicular
    vermis: vermis vermian vermal
    neocortex: neocortex isocortex neocortical isocortical neopallium
    paleocortex: paleocortex palaeocortex
    archicortex: archicortex archipallium
    subiculum: subiculum subicular
    presubiculum: presubiculum presubicular
    entorhinal: entorhinal entorhinalis
    dentate: dentate dentatus dentata dentati
    area: area areas areae areal
    region: region regions regio regional regionis
    zone: zone zones zona zonae zonal
    field: field fields
    complex: complex complexus
    group: group groups set sets
    neuron: neuron neurons neuronal neural neurone neurones
    segment: segment segments
    pyramidal: pyramidal pyramidalis pyramidale pyramidales
    pyramid: pyramid pyramids pyramis pyramus
    visual: visual visualis
    stria: stria striae
    taste: taste gustatory gustatorius gustatoria gustat
    limb: limb limbs extremity extremities crus crura cruris crural
    dopamine: dopaminergic dopamine da
    leaf: folium folia
    olive: olive olivary olivaris oliva olivae
    red: red rubri ruber rubral
    black: nigra nigral nigrae
    triangle: triangle trigone trigonum
    wall: wall
    edge: border margin marginal margo
    thick: thick
    spongy: spongy
    gland: gland glands glandula glandular
    cingulate: cingulate cingularis cingulatus cinguli cingular
    cingulum: cingulum cingulus
    orbital: orbital orbitalis orbitofrontal orb
    nervous: nervous nervosus
    cell: cell cells cellular cellularis
    rolandic: rolandic rolando
    sylvian: sylvian sylvius silvian
    epithel: epithelium epithelial epithelia
    motor: motor motoria motorius motorium
    sensory: sensory sensoria sensorius sensible
    gelatinous: gelatinosa gelatinous
    spleen: spleen splenic lienal
    stomach: stomach gastric ventricular-of-stomach
    kidney: kidney renal nephric
    liver: liver hepatic
    pancreas: pancreas pancreatic
    lung: lung pulmonary
    heart: heart cardiac cardial
    larynx: larynx laryngeal
    pharynx: pharynx pharyngeal
    esophagus: esophagus esophageal oesophagus oesophageal
    intestine: intestine intestinal bowel enteric-tube
    colon: colon colonic
    rectum: rectum rectal
    vagina: vagina vaginal
    uterus: uterus uterine
    ovary: ovary ovarian
    testis: testis testicular testes
    prostate: prostate prostatic
    bladder: bladder vesical
    trachea: trachea tracheal
    bronchus: bronchus bronchial bronchi
    thymus: thymus thymic
    thyroid: thyroid thyroidal
    adrenal: adrenal suprarenal adrenals
    tongue: tongue lingual-muscle glossal
    face: face
    cranium: cranium cranial skull
    vertebra: vertebra vertebral vertebrae
    rib: rib costal ribs
    thorax: thorax thoracic chest
    abdomen: abdomen abdominal abdominis
    pelvis: pelvis pelvic
    breast: breast mammary
    tissue: tissue tissues
    mucosa: mucosa mucosal mucous
    serosa: serosa serosal
    vessel: vessel vessels vascular vasculature
    lymph: lymph lymphatic lymphoid
    joint: joint joints articulation articular
    tooth: tooth teeth dental dens dentis
    digit: digit digits finger fingers phalanx-of-hand
    forelimb: forelimb upper-limb upper-extremity
    hindlimb: hindlimb lower-limb lower-extremity
    fat: fat adipose
    oviduct: oviduct fallopian
    serosa: serosa serosal
    saphenous: saphenous
    lip: lip labium labial labia
    chiasm: chiasm chiasma chiasmatic
    digestive: digestive alimentary gastrointestinal
    genital: genital reproductive genitalia
    hair: hair pilus pili
    epidermis: epidermis epidermal
    tarsus: tarsus tarsal
    carpus: carpus carpal wrist
    trabecula: trabecula trabeculum trabeculae trabecular
    tubule: tubule tube tubulus tubuli tubular
    retina: retina retinal retinae
    urine: urinary urine
    respiratory: respiratory respiration
    occipit: occip
    pariet: parietal par
    tempor: temporal temp tempor temporalis
    front: frontal front frontalis
    operculum: operculum oper operc opercul opercular opercularis
    triangular: triangular tri triang triangularis
    body: truncus trunk trunci truncal
    heschl: heschl heschls
    brainstem: brainstem brainstems
    pole: pole poles polar polus poli polaris
    straight: straight rectus
    calcarine: calcarine calcarina calcarinus calcarinae
    interposed: interposed interpositus interpositi interposita interpositum
    vestibul: vestibular vestibulares vestibularis vestibulum vestibuli
    ciliary: ciliary ciliare ciliaris
    geniculate: geniculate geniculati geniculatum geniculatus geniculi
    fornix: fornix fornicis fornices forniceal
    tonsil: tonsil tonsils tonsilla tonsillae tonsillar
    molecul: molecular moleculare molecularis
    granul: granular granulare granularis granulosum granulosa granulosus granule
    simple: simple simplex
    futur: future presumptive prospective
    principal: principal principalis principale chief main
    nodose: nodose nodosum nodosal
    trapezoid: trapezoid trapezoideum trapezoidal trapezoidei
    limiting: limiting limitans
    reticul: reticular reticularis reticulare reticulata reticulatum reticulares
    terminal: terminal terminalis terminale terminales
    quadrangular: quadrangular quadrangularis
    parabrachi: parabrachial parabrachialis parabrachiales
    supraoptic: supraoptic supraopticus supraoptica
    ambiguous: ambiguous ambiguus
    gracile: gracile gracilis
    salivatory: salivatory salivary salivatorius salivatorii
    color: color colour
    putamen: putamen putamina putaminal
    claustrum: claustrum claustra claustral
    fimbria: fimbria fimbriae fimbrial
    disk: disk disc discs disks
""")

#: the first half of a compound (``ventroposterior``, ``occipitotemporal``) and the word it stands for
COMBINING: dict[str, str] = {
    "ventro": "ventral", "dorso": "dorsal", "antero": "anterior", "postero": "posterior", "medio": "medial",
    "latero": "lateral", "rostro": "rostral", "caudo": "caudal", "supero": "superior", "infero": "inferior",
    "centro": "central", "fronto": "frontal", "temporo": "temporal", "parieto": "parietal", "occipito": "occipital",
    "cortico": "cortical", "thalamo": "thalamic", "hypothalamo": "hypothalamic", "septo": "septal",
    "amygdalo": "amygdaloid", "habenulo": "habenular", "olivo": "olivary", "ponto": "pontine", "tecto": "tectal",
    "vestibulo": "vestibular", "cerebello": "cerebellar", "striato": "striatal", "hippocampo": "hippocampal",
    "spino": "spinal",
}  # fmt: skip

#: first halves that are written apart by some (``peri-aqueductal``), joined to what follows a hyphen
PREFIXES: tuple[str, ...] = (
    "para", "peri", "supra", "infra", "sub", "pre", "post", "retro", "inter", "intra", "epi", "hypo", "juxta", "extra", "neo",
    "archi", "paleo", "meso", "orbito", "tubero", "fore", "mid", "hind", "brain", "mammillo", "pedunculo", "hippo", "non",
)  # fmt: skip

#: two words that are one, or two others
PHRASES: dict[tuple[str, str], tuple[str, ...]] = {
    ("brain", "stem"): ("brainstem",), ("mid", "brain"): ("midbrain",), ("fore", "brain"): ("forebrain",),
    ("hind", "brain"): ("hindbrain",), ("end", "brain"): ("endbrain",), ("between", "brain"): ("interbrain",),
    ("medulla", "spinalis"): ("spinal", "cord"), ("medullae", "spinalis"): ("spinal", "cord"),
    ("truncus", "encephali"): ("brainstem",), ("quadrigeminal", "body"): ("colliculus",),
    ("quadrigeminal", "bodies"): ("colliculi",), ("corpora", "quadrigemina"): ("colliculi",),
    ("sub", "thalamic"): ("subthalamic",), ("neo", "cortex"): ("neocortex",),
}  # fmt: skip

#: words written as one by some and as two by others
APART: dict[str, tuple[str, ...]] = {
    "floorplate": ("floor", "plate"), "roofplate": ("roof", "plate"), "ba": ("brodmann", "area"),
}  # fmt: skip

#: words that say little: left out of the order-free key
FILLER: frozenset[str] = frozenset(
    _list(
        "of the a an n and or to in on for by from with at de du der la le et cum part proper region structure neurax"
    )
)

#: number words and Roman numerals
NUMBERS: dict[str, str] = {
    word: str(index + 1)
    for words in (
        _list("first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth"),
        _list("one two three four five six seven eight nine ten eleven twelve"),
        _list("i ii iii iv v vi vii viii ix x xi xii xiii xiv xv"),
        _list("1st 2nd 3rd 4th 5th 6th 7th 8th 9th 10th 11th 12th"),
        _list("primus secundus tertius quartus quintus sextus"),
        _list("prima secunda tertia quarta quinta sexta"),
    )
    for index, word in enumerate(words)
}

GREEK: dict[str, str] = dict(
    zip("αβγδεζηθικλμνξοπρστυφχψω",
        _list("alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho sigma tau "
        "upsilon phi chi psi omega"),
        strict=True)
)  # fmt: skip

#: in the human cord and roots, front is ventral and back is dorsal
FRONT_BACK: dict[str, str] = {"anterior": "ventral", "posterior": "dorsal"}
SPINAL: frozenset[str] = frozenset(_list("spinal horn column root funicul radicl ramus rootlet"))

#: the cranial nerves' numbers, which say nothing new beside their names
CRANIAL: dict[str, str] = {
    "olfactory": "1", "optic": "2", "oculomotor": "3", "trochlear": "4", "trigeminal": "5", "abducens": "6",
    "facial": "7", "vestibulocochlear": "8", "vestibul": "8", "cochlea": "8", "glossopharyngeal": "9", "vagus": "10",
    "accessory": "11", "hypoglossal": "12",
}  # fmt: skip
