#!/usr/bin/env python
# coding: utf-8

# # Converted
# 
# From a notebook, by nbconvert.

# In[ ]:


#!pip install wget==3.2 > install.log 2> install.log
#pip install numpy>=1.2
import os
import wget

# In[ ]:


# where it comes from
url = os.environ.get('url')
output_data_csv = os.environ.get('output_data_csv', 'data.csv')
data_dir = os.environ.get('data_dir', '../../data/')
destination = os.path.join(data_dir, output_data_csv)
wget.download(url, out=destination)
