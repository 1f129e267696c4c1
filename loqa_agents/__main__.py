from loqa_agents.cli import main

main()
