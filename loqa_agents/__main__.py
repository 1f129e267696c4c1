from loqa_agents.cli.main import main

main()
