"""Names in texts that are all in a script of their own: *李思远*, *Иванов Сергей*, *محمد الأحمد*.

Among words of its own script a name is told by its surname (Chinese, Japanese, Korean), by a surname's ending beside a second
capital (Cyrillic, Greek), or by a given name that is common (Arabic, Hebrew, Devanagari, Thai); a stimulus or a transcript stays.

>>> [text[start:end] for text in ("李思远", "Иванов Сергей") for start, end in names_by_script(text)]
['李思远', 'Иванов Сергей']
>>> names_by_script("黄色"), names_by_script("Слушайте внимательно"), names_by_script("苹果 香蕉")
([], [], [])
"""

import re

__all__ = ["names_by_script"]

_HAN = "王李张張刘劉陈陳杨楊赵趙吴吳周徐孙孫朱胡郭何林罗羅郑鄭梁谢謝宋唐许許韩韓邓鄧冯馮曹彭曾肖萧蕭蔡潘袁董蒋蔣余杜程魏苏蘇吕呂丁任卢盧姚沈钟鍾姜崔谭譚陆陸范汪廖贾賈韦韋邱侯邹鄒熊孟秦阎閻薛雷尹黎龚龔邵葛欧阳"
_HAN_DOUBLE = "欧阳|歐陽|上官|司马|司馬|诸葛|諸葛|司徒|慕容|尉迟|皇甫"
_COMMON_HAN = "的了是不在有和就都而及与着或个没我你他她它们这那吗呢吧色上下里边时候"
_KOREAN = "김이박최정강조윤장임한오서신권황안송류유홍전고문손양배백허남심노하곽성차주우구민진나"
_GIVEN_KOREAN = "민서지현준우영수진호연은주희정경미선혜윤하성재동훈철상태규원환빈아예채유나라승석용기광일종인숙순옥자복춘형범찬건혁솔슬별람율온린다인소보효필근명병창학길남두만문봉식완웅익임"
_JAPANESE = (
    "佐藤|鈴木|高橋|田中|伊藤|渡辺|渡邊|山本|中村|小林|加藤|吉田|山田|佐々木|山口|松本|井上|木村|清水|山崎|池田|橋本|阿部|石川|山下|中島|石井|小川|前田|岡田|長谷川|藤田|後藤|近藤|村上|遠藤|青木|"
    "坂本|斉藤|斎藤|福田|太田|西村|藤井|金子|岡本|藤原|三浦|中野|中川|原田|松田|竹内|小野|田村|中山|和田|石田|森田|上田|内田|柴田|酒井|宮崎|横山|高木|安藤|宮本|大野|小島|谷口|今井|工藤|高田|増田|丸山|杉山|村田|大塚|新井|小山|平野|藤本|河野|上野|野口|武田|松井|千葉|菅原|岩崎|久保|木下|佐野|野村|松尾|市川|菊地|杉本|古川|大西|島田|水野|桜井|高野|渡部|吉川|山内|西田|飯田|菊池|西川|小松|北村|安田"
)
_RUN = r"[\u3005\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]"
_CYRILLIC = r"[А-ЯЁІЇЄҐЂЈЉЊЋЏЎ][а-яёіїєґђјљњћџў]+(?:-[А-ЯЁІЇЄҐ][а-яёіїєґ]+)?"
_CYRILLIC_END = r"(?:ов|ова|ев|ева|ёв|ин|ина|ын|ына|ский|ская|цкий|цкая|енко|ук|юк|чук|ич|вна|вич|ян|дзе|швили|ић|ски|ска|ий|ая)"
_GREEK = r"[Α-ΩΆΈΉΊΌΎΏ][α-ωάέήίόύώϊϋΐΰς]+"
_GIVEN = {
    r"[\u0600-\u06ff]": "محمد احمد أحمد علي علی حسن حسين حسین فاطمة فاطمه مريم مریم زينب زینب خالد عمر يوسف یوسف ابراهيم إبراهيم عبد عبدالله عائشة خديجة سارة سارا نور ليلى لیلا "
    "مصطفى مصطفی رضا مهدی زهرا سعيد سعید سامي هدى رانيا طارق كريم کریم جمال نادية ياسمين حمزة بلال عثمان أمينة سلمى هند منى",
    r"[\u0590-\u05ff]": "דוד משה יוסף אברהם יצחק יעקב שרה רחל לאה רבקה מרים חנה אסתר דניאל מיכאל יונתן נועם אורי איתי עומר אייל רון גיל תמר נועה מאיה שירה יעל מיכל רות דינה אורלי רונית שלמה חיים אליהו",
    r"[\u0900-\u097f]": "अमित राहुल प्रिया पूजा राजेश सुनील अनिल विजय संजय मनोज रवि राम सीता गीता सुनीता अनीता नेहा रोहित विकास दीपक आशा मोहन सोहन कविता सुमन रेखा अंजलि किरण मीना राधा कृष्ण अर्जुन नितिन सचिन",
    r"[\u0e00-\u0e7f]": "สมชาย สมศักดิ์ สมหญิง สมพร ประเสริฐ วิชัย สุรชัย มานะ มานี ปิติ ชูใจ สุดา นภา มาลี วันเพ็ญ ศิริพร รัตนา ณัฐพล ธนกร กนกวรรณ พรทิพย์ สุภาพร อรุณ กิตติ อนุชา วรรณา สุนีย์",
}
_SHAPES = (
    re.compile(rf"(?<!{_RUN})(?:{_HAN_DOUBLE})[\u4e00-\u9fff]{{1,2}}(?!{_RUN})"),
    re.compile(rf"(?<!{_RUN})[{_HAN}](?![{_COMMON_HAN}])[\u4e00-\u9fff](?![{_COMMON_HAN}])[\u4e00-\u9fff](?!{_RUN})"),
    re.compile(rf"(?<!{_RUN})[{_KOREAN}][{_GIVEN_KOREAN}]{{2}}(?!{_RUN})"),
    re.compile(rf"(?<!{_RUN})(?:{_JAPANESE})[ 　]?[\u3040-\u309f\u4e00-\u9fff々]{{1,3}}(?!{_RUN})"),
    re.compile(rf"(?<!\w)(?:{_CYRILLIC} (?:{_CYRILLIC} )?(?=\w+{_CYRILLIC_END}(?!\w)){_CYRILLIC}|(?=\w+{_CYRILLIC_END}(?!\w)){_CYRILLIC}(?: {_CYRILLIC}){{1,2}})(?!\w)"),
    re.compile(rf"(?<!\w){_GREEK} (?:{_GREEK} )?{_GREEK}(?!\w)"),
    *(re.compile(rf"(?<!{letter})(?:{'|'.join(words.split())})(?!{letter})(?: {letter}+){{0,2}}") for letter, words in _GIVEN.items()),
)  # fmt: skip


def names_by_script(text: str) -> list[tuple[int, int]]:
    """``(start, end)`` of the names in ``text`` that are written in Chinese, Japanese, Korean, Cyrillic, Greek and other letters."""
    return [match.span() for shape in _SHAPES for match in shape.finditer(text)]
