"""Package metadata; tool settings live in pyproject.toml."""

from pathlib import Path

from setuptools import find_namespace_packages, setup

HERE = Path(__file__).parent

setup(
    name="diaolou",
    version="0.1.0",
    description="碉楼: network security posture and IPv6 readiness monitor for governments",
    long_description=(HERE / "README.md").read_text(encoding="utf-8") if (HERE / "README.md").exists() else "",
    long_description_content_type="text/markdown",
    license="MIT",
    python_requires=">=3.11",
    packages=find_namespace_packages(include=["monitor*", "probes*", "rules*", "exporters*", "config*"]),
    include_package_data=False,
    package_data={
        "rules": ["packs/**/*.yaml", "playbooks/*.yaml"],
        "exporters": ["templates/**/*"],
        "monitor": ["migrations/**/*"],
        "config": ["**/*"],
    },
    install_requires=[
        "alembic>=1.18,<2",
        "apscheduler>=3.11,<4",
        "brotli>=1.2,<2",
        "chinesecalendar>=1.11",
        "cryptography>=46,<51",
        "dnspython>=2.8,<3",
        "google-re2>=1.1",
        "h11>=0.16,<1",
        "h2>=4.4,<5",
        "jinja2>=3.1,<4",
        "lxml>=6,<7",
        "numpy>=2.2,<3",
        "prometheus-client>=0.23,<1",
        "pydantic>=2.12,<3",
        "pyopenssl>=26,<27",
        "pysnmp>=7.1.30,<8",
        "pyyaml>=6.0.3,<7",
        "rich>=14,<16",
        "scapy>=2.7,<3",
        "sqlalchemy>=2.0.44,<3",
        "typer>=0.20,<1",
        "uvicorn>=0.38,<1",
        "zstandard>=0.25,<1",
    ],
    extras_require={
        "pdf": ["weasyprint>=68"],
        "xlsx": ["openpyxl>=3.1,<4"],
    },
    entry_points={
        "console_scripts": [
            "diaolou=monitor.cli:main",
            "diaolou-packets=probes.wire.packets.process:main",
        ]
    },
)
