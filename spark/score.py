"""What `spark-submit` runs on a cluster; `fraudstream score` does the same on one machine."""

from fraudstream.scoring.main import score

if __name__ == "__main__":
    score()
