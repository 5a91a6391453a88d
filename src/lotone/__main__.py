"""`python -m lotone` is the `lotone` command."""

from lotone.command import main

if __name__ == "__main__":
    main()
