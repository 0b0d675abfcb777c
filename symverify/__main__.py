"""python -m symverify"""

from symverify.cli import main

if __name__ == "__main__":
    main()
