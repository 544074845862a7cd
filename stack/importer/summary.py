"""What an import did, for people and as JSON."""

from dataclasses import dataclass, replace

from movielens.layouts import Dataset
from stack.importer.catalogue import Catalogue
from stack.importer.checkpoint import Progress
from stack.importer.problems import Problems
from stack.importer.tally import Tally, as_table


@dataclass(frozen=True, slots=True)
class Summary:
    """Counts cover the whole import, also what was done before it was interrupted; `seconds` and `skipped` only this run."""

    dataset: Dataset
    catalogue: Catalogue
    progress: Progress
    problems: Problems
    resumed: bool
    seconds: float

    @property
    def tallies(self) -> dict[str, Tally]:
        """By kind. Movies are read anew by every run, so what is wrong with them is not in the checkpoint."""
        progress, catalogue = self.progress, self.catalogue
        movies, metadata = progress.movies.tally, progress.metadata.tally
        return {
            "movies": replace(movies, read=catalogue.read, rejected=movies.rejected + catalogue.malformed),
            "metadata": replace(metadata, read=len(catalogue.entries)),
            "ratings": progress.ratings.tally,
        }

    def as_json(self) -> dict[str, object]:
        tags = self.catalogue.tags
        return {
            "path": str(self.dataset.source.path),
            "layout": self.dataset.layout.name,
            "resumed": self.resumed,
            "seconds": round(self.seconds, 2),
            **{kind: tally.as_dict() for kind, tally in self.tallies.items()},
            "tags": {
                "read": tags.tally.read,
                "applied": tags.applied,
                "too_long": tags.too_long,
                "rejected": tags.tally.rejected,
                "keywords": tags.keywords,
            },
            "links": {"read": self.catalogue.links.read, "rejected": self.catalogue.links.rejected},
            "demo_ratings_removed": self.progress.purged,
            "skipped": self.problems.first,
        }

    def lines(self) -> list[str]:
        progress, tags = self.progress, self.catalogue.tags
        lines = as_table(self.tallies.items())
        if tags.tally.read:
            left_out = f", {tags.too_long:,} are too long to be keywords" if tags.too_long else ""
            refused = f", {tags.tally.rejected:,} were skipped" if tags.tally.rejected else ""
            lines.append(f"{tags.applied:,} of {tags.tally.read:,} tags became {tags.keywords:,} keywords of movies{left_out}{refused}")
        if progress.purged:
            lines.append(f"{progress.purged:,} made-up ratings of the demo were taken out (--keep-demo keeps them)")
        skipped = sum(self.problems.counts.values())
        if skipped:
            lines.append(f"{skipped:,} rows were skipped; see above")
        lines.append(f"done in {self.seconds:.1f} s{', resumed' if self.resumed else ''}")
        return lines
