"""Do people assigned to an Intensive Outpatient Program do better than similar people in outpatient care?"""
