"""SSH: what a shell's command line does. The door and the upstream are not here yet; `parse` judges text."""
