"""What is handed through, written out or by a preset: nobody is asked, so nothing fails."""

from tests.e2e.command import CANARY
from tests.e2e.outcomes.kind import Kind

KINDS = {
    "static": Kind("{server: r.example, username: ci, credentials: env:KEY}", {"KEY": CANARY}),
    "static, of a preset": Kind("{preset: nvidia}", {"NGC_API_KEY": CANARY}),
    "static, of a preset with a robot": Kind(
        "{preset: harbor}",
        {
            "HARBOR_URL": "https://harbor.example",
            "HARBOR_USERNAME": "robot$team+ci",
            "HARBOR_PASSWORD": CANARY,
        },
    ),
}
