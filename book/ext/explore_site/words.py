"""The words of our own parts of a page, in both languages.

The theme's words are in the message catalogues of book/locale instead.
"""

_WORDS = {
    "home": ("책의 첫 화면으로", "To the front page"),
    "front_page": ("첫 화면", "Front page"),
    "book_nav": ("책의 차례", "The book's contents"),
    "search_hint": ("이 책에서 찾기…", "Search this book…"),
    "search_page": (
        "이 책의 글과 코드와 출력에서 낱말을 찾습니다.",
        "Find a word in the text, the code and the outputs of this book.",
    ),
    "on_this_page": ("이 페이지의 차례", "On this page"),
    "show_code": ("코드 펼치기", "Show the code"),
    "hide_code": ("코드 접기", "Hide the code"),
    "copy": ("복사", "Copy"),
    "switch": ("English", "한국어"),
    "switch_hint": ("이 페이지를 영어로 읽기", "Read this page in Korean"),
    "lesson_links": ("이 레슨 실행하기", "Run this lesson"),
    "colab": ("Colab에서 열기", "Open in Colab"),
    "colab_unset": ("실행 방법", "How to run"),
    "colab_unset_hint": (
        "내 컴퓨터나 Colab에서 이 노트북을 실행하는 방법",
        "How to run this notebook on your computer or in Colab",
    ),
    "download": ("노트북 내려받기", "Download notebook"),
    "card": (
        "한국어 문장 ‘나는 어제 작은 사과를 먹었다’의 단어와 영어 문장 "
        "‘I ate a small apple yesterday’의 단어를 곡선으로 이은 그림.",
        "The words of the Korean sentence ‘나는 어제 작은 사과를 먹었다’ joined by "
        "curves to those of ‘I ate a small apple yesterday’.",
    ),
    "lost": ("찾는 페이지가 없습니다", "There is no such page"),
    "lost_hint": (
        "주소가 잘못되었거나 페이지의 이름이 바뀌었을 수 있습니다. "
        "첫 화면에서 다시 찾아 보세요.",
        "The address may be wrong, or the page has another name now. "
        "The front page leads to all of them.",
    ),
    "licence": (
        "글과 그림은 CC BY 4.0, 코드는 MIT 라이선스로 씁니다.",
        "Text and figures are under CC BY 4.0, code is under MIT.",
    ),
    "repository": ("이 책의 저장소", "This book's repository"),
    "no_record": (
        "아직 측정 기록이 없습니다. `make claims`를 실행하면 여기에 나옵니다.",
        "Nothing has been measured yet. Run `make claims` and the results appear here.",
    ),
    "not_measured": ("아직 측정하지 않았습니다.", "Not measured yet."),
    "lesson": ("레슨 {}", "Lesson {}"),
    "section": ("개요의 절", "Section of the outline"),
    "measured": ("측정한 범위", "Measured range"),
    "bound": ("기준", "Bound"),
    "seeds": ("시드", "Seeds"),
    "seed_count": ("{}개 ({})", "{} ({})"),
    "runs": ("독립 실행", "Independent runs"),
    "time_heads": ("레슨|핵심|전체|연습", "Lesson|Core|All|Exercises"),
    "minutes": ("{}분", "{} min"),
    "size_heads": (
        "레슨|한 사람의 메모리|{students}명의 메모리|한 사람의 CPU 시간(분)|"
        "코어 {cores}개로 {students}명(분)",
        "Lesson|Memory each|Memory of {students}|CPU minutes each|"
        "Minutes for {students} on {cores} cores",
    ),
    "size_source": (
        "{made}에 {machine}에서 PyTorch {torch}로 재었습니다. 커널마다 따로 세었으므로 "
        "함께 쓰는 메모리는 여러 번 들어 있습니다. 다시 재는 명령: "
        "python benchmarks/classroom.py",
        "Measured on {made} on {machine} with PyTorch {torch}. Each kernel is counted "
        "by itself, so memory that kernels share counts several times. To repeat: "
        "python benchmarks/classroom.py",
    ),
    "always": ("언제나 참인 것", "Always true"),
    "always_note": (
        "아래는 잰 결과가 아니라 정의와 코드에서 나오는 성질입니다. 레슨에서는 "
        "`assert`로 확인하고, 뒤에 적은 시험이 다른 크기와 값에서도 지킵니다.",
        "These are no measurements but follow from definitions and code. Lessons check "
        "them with `assert`, and the test named behind each holds it for other sizes "
        "and values.",
    ),
    "one_record": (
        "연구 하나의 기록({})을 시드마다 다시 읽은 값",
        "one kept study ({}), read again for each seed",
    ),
    "at_least": ("{} 이상", "at least {}"),
    "at_most": ("{} 이하", "at most {}"),
    "range": ("{}~{}", "{} to {}"),
    "plot": (
        "시드마다 점 하나: {}. 점선은 기준: {}.",
        "One dot per seed: {}. The dashed line is the bound: {}.",
    ),
}


def words(language):
    """Return {key: text} for "ko" or "en"."""
    place = ("ko", "en").index(language)
    return {key: pair[place] for key, pair in _WORDS.items()}
